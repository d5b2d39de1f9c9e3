// The countries that something is watched in, the most watched first. Call while a component is being initialised.

import { ask, scope, text } from '$lib/api/ask';
import { resource } from '$lib/api/resource.svelte';
import { view } from '$lib/state/view.svelte';

/** So many are offered; the filter bar finds the others. */
const MOST = 40;

export function countriesOf(): { readonly codes: readonly string[] } {
  const asked = resource(() => ({ metrics: ['plays'], dimensions: ['country'], ...scope(view.window, {}), order: [{ by: 'plays', desc: true }], limit: MOST }), ask);
  const codes = $derived((asked.data?.rows ?? []).map((r) => text(r.country)).filter(Boolean));
  return {
    get codes() {
      return codes;
    },
  };
}
