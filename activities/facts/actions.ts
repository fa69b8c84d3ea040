/** IAM actions that every run of a system at AWS calls beside its steps: to find out who serves, what may be lost, and what the role may do. */
export const actionsOfEveryRun: readonly string[] = [
  'cloudwatch:GetMetricData',
  'ec2:DescribeRegions',
  'iam:SimulatePrincipalPolicy',
  'rds:DescribeDBClusters',
  'rds:DescribeDBInstances',
  'rds:DescribeGlobalClusters',
  'route53:ListResourceRecordSets',
  'sts:GetCallerIdentity',
];
