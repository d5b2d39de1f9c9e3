// The parts of ECharts that are used, and nothing else. Loaded with the first chart.

import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { connect, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([LineChart, BarChart, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

export { connect, init };
export type { ECharts, EChartsCoreOption } from 'echarts/core';
