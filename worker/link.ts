/** Link to a run in the Temporal UI; its ids alone where the UI's address is not known. */
export function runLink(ui: string | null, namespace: string, workflowId: string, runId: string): string {
  const path = `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
  return ui === null ? path : `${ui.replace(/\/$/u, '')}${path}`;
}
