export { expose, proxy, releaseProxy, transfer, wrap } from 'comlink';
