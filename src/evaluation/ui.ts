/** Door of the evaluation room for the app. Main thread. */
export type { EvaluationContract } from './contract.ts';
export {
  evaluateSource,
  EvaluationSession,
  itemsOfPart,
  type EvaluationClients,
  type EvaluationState,
} from './evaluation-session.svelte.ts';
