/** The lock of a thread that writes. Any thread. */

/** Name of the lock that a thread holds while it writes progress of a run of this project. */
export const writingLock = (projectId: string): string => `understudy/project/${projectId}/writing`;
