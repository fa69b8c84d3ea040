/** Who is told in the lab: `on-call` by steps alone, `duty` of everything else that people are to hear. */
export function told(receiver: string, secretFile: string): object {
  const secret = `file:${secretFile}`;
  return { 'on-call': { webhook: `${receiver}/hook`, secret, on: [] }, duty: { webhook: `${receiver}/events`, secret } };
}
