/** What the page uses of uPlot, which the build puts here from npm. */

interface Scale {
  min?: number | null;
  max?: number | null;
}

interface Axis {
  stroke?: string;
  grid?: { stroke: string; width?: number };
  ticks?: { stroke: string };
  size?: number;
  values?: (chart: UPlot, values: number[]) => string[];
}

interface Series {
  label?: string;
  stroke?: string;
  dash?: number[];
  width?: number;
  spanGaps?: boolean;
  paths?: unknown;
  focus?: boolean;
  value?: (chart: UPlot, value: number | null) => string;
}

interface Options {
  width: number;
  height: number;
  scales?: Record<string, { time?: boolean }>;
  cursor?: { drag?: { x: boolean; y: boolean }; focus?: { prox: number } };
  legend?: { live?: boolean };
  axes?: Axis[];
  series: Series[];
  hooks?: { draw?: ((chart: UPlot) => void)[] };
}

type Table = (number | null)[][];

export default class UPlot {
  constructor(options: Options, data: Table, place: HTMLElement);
  static join(tables: Table[]): Table;
  static paths: { stepped?: (options: { align: 1 | -1 }) => unknown };
  width: number;
  data: number[][];
  series: Series[];
  scales: Record<string, Scale | undefined>;
  bbox: { left: number; top: number; width: number; height: number };
  ctx: CanvasRenderingContext2D;
  over: HTMLElement;
  destroy(): void;
  setSize(size: { width: number; height: number }): void;
  setScale(key: string, limits: { min: number; max: number }): void;
  valToPos(value: number, scale: string, canvas?: boolean): number;
  posToVal(position: number, scale: string): number;
}
