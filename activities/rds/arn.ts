/** What an ARN of RDS names: `arn:aws:rds:us-east-1:123456789012:db:shop-db`. */
export interface Named {
  readonly region: string;
  readonly account: string;
  readonly kind: string;
  readonly id: string;
}

/** Undefined where it is no ARN: within a region RDS names an instance by its identifier alone. */
export function readArn(text: string): Named | undefined {
  const [arn, , service, region, account, kind, id] = text.split(':');
  if (arn !== 'arn' || service !== 'rds' || !region || !account || !kind || !id) return undefined;
  return { region, account, kind, id };
}
