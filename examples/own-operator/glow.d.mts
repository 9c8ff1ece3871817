import type { PointOperator } from 'relievo/effects';

declare const glow: PointOperator;
export default glow;
