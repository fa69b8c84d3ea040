import { backedOut } from './samples/backed-out.ts';
import { lyingFence } from './samples/lying-fence.ts';
import { recovered, unprobed } from './samples/recovered.ts';

export { backedOut, lyingFence, recovered, unprobed };
export const samples = [recovered, lyingFence, backedOut, unprobed];
