// The editor's language services run in workers. They are files of ours: the page's security policy forbids
// workers made from blobs, and the names hold a hash, so they come from the build.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    return new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url));
  },
};
