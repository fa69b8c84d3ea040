/** The IAM actions by which is looked for what Lifeboat made. */
export const looking = [
  'sts:GetCallerIdentity',
  'ec2:DescribeInstances',
  'ec2:DescribeVolumes',
  'ec2:DescribeImages',
  'ec2:DescribeSnapshots',
  'ec2:DescribeAddresses',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeNetworkInterfaces',
  'rds:DescribeDBInstances',
  'rds:DescribeDBSnapshots',
] as const;

/** The IAM actions by which it is looked for and taken away. */
export const removing = [
  ...looking,
  'ec2:TerminateInstances',
  'ec2:DeleteVolume',
  'ec2:DeregisterImage',
  'ec2:DeleteSnapshot',
  'ec2:ReleaseAddress',
  'ec2:DeleteSecurityGroup',
  'rds:DeleteDBInstance',
  'rds:DeleteDBSnapshot',
] as const;
