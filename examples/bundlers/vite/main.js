import { run } from '../page.js';

await run();
