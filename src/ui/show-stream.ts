/** Shows an open camera in a video element: `{@attach showStream(stream)}`. Main thread. */
export const showStream = (stream: MediaStream) => (video: HTMLVideoElement) => {
  video.srcObject = stream;
  void video.play().catch(() => {});
};
