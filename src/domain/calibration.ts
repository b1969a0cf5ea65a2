/** How sure a model's answers are. Any thread; plain numbers. */

/** How a model's scores become confidences, fitted on validation clips. `errorBefore` and `errorAfter`: expected calibration error, 0..1. */
export type Calibration = {
  temperature: number;
  clipCount: number;
  errorBefore: number;
  errorAfter: number;
  isOn: boolean;
  /** Precision the thresholds were chosen for; null = one threshold for all, set while listening. */
  precision: number | null;
  /** False alarms per minute the thresholds were chosen for. */
  falseAlarmsPerMin: number | null;
  /** Threshold by class id; null where the precision is not reached. */
  thresholds: Record<string, number | null> | null;
};
