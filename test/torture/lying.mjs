/** A fence that cuts nothing and says that it did: what the torture must notice. Every other type is left as it is. */
export function lying(type) {
  if (type.name !== 'power.off') return type;
  return {
    ...type,
    execute: async () => undefined,
    verify: async ({ host }) => ({
      outputs: { state: 'off', latched: 'yes' },
      proofs: [
        {
          kind: 'fence',
          by: type.name,
          host,
          at: new Date().toISOString(),
          with: { host },
          evidence: ['It is off, honestly.'],
          latched: 'yes',
        },
      ],
      evidence: ['It is off, honestly.'],
    }),
  };
}
