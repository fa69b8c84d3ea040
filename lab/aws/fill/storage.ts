import type { S3 } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import type { Clients } from '../clients.ts';
import type { Region } from '../home.ts';
import { switches } from './traffic.ts';

/** Where nobody deletes anything before its time. */
export const vaultBucket = 'shop-vault';
export const secretName = 'shop/app';
export const filesBucket = (region: Region): string => `shop-files-${region}`;

/** A key that its account may use, and these others: what it encrypts can be copied there. */
export async function makeKey({ kms }: Clients, name: string, used: readonly string[]): Promise<string> {
  const AWS = used.map((account) => `arn:aws:iam::${account}:root`);
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' }],
  });
  const { KeyMetadata: key } = await kms.createKey({ Description: `Practice lab: ${name}`, Policy });
  await kms.createAlias({ AliasName: `alias/${name}`, TargetKeyId: key!.KeyId! });
  return key!.Arn!;
}

/** Files of the site, and what the health check of the other one reads. */
export async function makeBuckets({ s3 }: Clients, region: Region): Promise<void> {
  await makeBucket(s3, filesBucket(region), region);
  await makeSwitch(s3, region);
  if (region === 'us-east-1') {
    for (const [name, text] of Object.entries(files)) await s3.putObject({ Bucket: filesBucket(region), Key: name, Body: text });
  }
}

/** Anyone may read the object, as the health checkers of Route 53 do, whether it is there or not. */
async function makeSwitch(s3: S3, region: Region): Promise<void> {
  const { bucket, object } = switches[region];
  await makeBucket(s3, bucket, region);
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/${object}` };
  await s3.putBucketPolicy({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) });
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
