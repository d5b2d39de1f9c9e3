// A change on its way: one at a time, and what went wrong with the last one.

import { ApiError } from '$lib/api/client';

export class Act {
  busy = $state(false);
  error = $state('');

  /** Runs a change; true when it went well. */
  run = async (change: () => Promise<unknown>): Promise<boolean> => {
    if (this.busy) return false;
    this.busy = true;
    this.error = '';
    try {
      await change();
      return true;
    } catch (cause) {
      this.error = cause instanceof ApiError ? cause.detail || cause.title : String(cause);
      return false;
    } finally {
      this.busy = false;
    }
  };
}
