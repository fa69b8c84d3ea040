import { AutoScaling } from '@aws-sdk/client-auto-scaling';
import { EC2 } from '@aws-sdk/client-ec2';
import { KMS } from '@aws-sdk/client-kms';
import { RDS } from '@aws-sdk/client-rds';
import { Route53 } from '@aws-sdk/client-route-53';
import { S3 } from '@aws-sdk/client-s3';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { STS } from '@aws-sdk/client-sts';
import { credentials, endpointOf, sites, type CloudHome, type CloudSite } from './home.ts';

// The SDK's own switch: which Node runs is not the lab's to say.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

export interface Clients {
  readonly autoScaling: AutoScaling;
  readonly ec2: EC2;
  readonly kms: KMS;
  readonly rds: RDS;
  readonly route53: Route53;
  readonly s3: S3;
  readonly secrets: SecretsManager;
}

/** The SDK's clients at a site of the lab, in the site's role; a call that goes wrong is not repeated. */
export async function clientsAt(home: Pick<CloudHome, 'aws'>, site: CloudSite): Promise<Clients> {
  const { region, role } = sites[site];
  const plain = { region, endpoint: endpointOf(home), maxAttempts: 1 };
  const own = { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY };
  const sts = new STS({ ...plain, credentials: own });
  const { Credentials: taken } = await sts.assumeRole({ RoleArn: role, RoleSessionName: 'lab' });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = taken ?? {};
  const config = { ...plain, credentials: { accessKeyId, secretAccessKey, sessionToken } };
  return {
    autoScaling: new AutoScaling(config),
    ec2: new EC2(config),
    kms: new KMS(config),
    rds: new RDS(config),
    route53: new Route53(config),
    s3: new S3({ ...config, forcePathStyle: true }),
    secrets: new SecretsManager(config),
  };
}
