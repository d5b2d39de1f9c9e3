import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

// Everything is served from one origin under a strict CSP: nothing is inlined
// as data: (fonts would be refused), nothing is fetched from elsewhere.
export default defineConfig({
  plugins: [tailwindcss(), svelte()],
  // Tests mount components as a browser does; a build needs no conditions of its own.
  resolve: { alias: { $lib: '/src/lib' }, ...(process.env.VITEST ? { conditions: ['browser'] } : {}) },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/art', '/v1', '/cmcd'].map((path) => [path, process.env.PLAYHEAD_URL ?? 'http://127.0.0.1:8080']),
    ),
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', setupFiles: ['src/testing/setup.ts'] },
});
