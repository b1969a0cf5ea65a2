/** Long tasks of a page's main thread, for the benches. */

/** Begins to note them; before the page is opened. @param page of Playwright. */
export const watchTasks = (page) =>
  page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) =>
      globalThis.longTasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration }))),
    ).observe({ type: 'longtask' });
  });

/** Milliseconds of the longest since a time of the page; 0 = none over 50 ms. */
export const worstTask = (page, from) =>
  page.evaluate(
    (start) =>
      Math.max(0, ...globalThis.longTasks.filter((task) => task.startTime >= start).map((task) => task.duration)),
    from,
  );
