import type { S3 } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import type { Clients } from '../clients.ts';
import type { Region } from '../home.ts';
import { switches } from './traffic.ts';

/** Where nobody deletes anything before its time. */
export const vaultBucket = 'shop-vault';
export const secretName = 'shop/app';
export const filesBucket = (region: Region): string => `shop-files-${region}`;

export async function makeKey({ kms }: Clients, name: string): Promise<string> {
  const { KeyMetadata: key } = await kms.createKey({ Description: `Practice lab: ${name}` });
  await kms.createAlias({ AliasName: `alias/${name}`, TargetKeyId: key!.KeyId! });
  return key!.Arn!;
}

/** Files of the site, and what the health check of the other one reads. */
export async function makeBuckets({ s3 }: Clients, region: Region): Promise<void> {
  await makeBucket(s3, filesBucket(region), region);
  await makeBucket(s3, switches[region].bucket, region);
  if (region === 'us-east-1') {
    for (const [name, text] of Object.entries(files)) await s3.putObject({ Bucket: filesBucket(region), Key: name, Body: text });
  }
}

export async function makeVault({ s3 }: Clients): Promise<void> {
  await makeBucket(s3, vaultBucket, 'us-west-2', true);
}

/** What the application logs in with, and its copy in the other region. */
export async function makeSecret({ secrets }: Clients): Promise<void> {
  await secrets.createSecret({
    Name: secretName,
    SecretString: JSON.stringify({ user: 'shop-app', password: randomBytes(12).toString('hex') }),
    AddReplicaRegions: [{ Region: 'us-west-2' }],
  });
}

async function makeBucket(s3: S3, name: string, region: Region, locked = false): Promise<void> {
  await s3.createBucket({
    Bucket: name,
    ObjectLockEnabledForBucket: locked,
    ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region } }),
  });
}

const files: { readonly [name: string]: string } = {
  'exports/customers.csv': 'id,name\n1,customer 1\n2,customer 2\n',
  'exports/prices.csv': 'item,price\nanchor,12.50\nrope,3.75\n',
  'checklists/failover.md': '# Failover\n1. Say that it begins.\n',
};
