// Natural Earth's countries as SVG paths in the Equal Earth projection.

import { geoEqualEarth, geoPath } from 'd3-geo';
import type { FeatureCollection, GeometryObject } from 'geojson';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import world from 'world-atlas/countries-110m.json';
import { CODE_OF, SMALL_PLACES } from './countries';

export const WIDTH = 960;
export const HEIGHT = 430;

export interface CountryShape {
  code: string;
  path: string;
}

export interface PlaceDot {
  code: string;
  x: number;
  y: number;
}

/** Projects every country once. Antarctica, where nobody watches, is left out. */
export function projectWorld(): { shapes: CountryShape[]; dots: PlaceDot[] } {
  const topology = world as unknown as Topology<{ countries: GeometryCollection }>;
  const all = feature(topology, topology.objects.countries) as FeatureCollection<GeometryObject>;
  const features = all.features.filter((f) => f.id !== '010');
  const projection = geoEqualEarth().rotate([-11, 0]).fitExtent(
    [
      [2, 3],
      [WIDTH - 2, HEIGHT - 3],
    ],
    { type: 'FeatureCollection', features },
  );
  const path = geoPath(projection).digits(1);
  const shapes = features.map((f) => ({ code: CODE_OF.get(String(f.id)) ?? '', path: path(f) ?? '' }));
  const dots = Object.entries(SMALL_PLACES).map(([code, [longitude, latitude]]) => {
    const [x, y] = projection([longitude, latitude]) ?? [0, 0];
    return { code, x, y };
  });
  return { shapes, dots };
}
