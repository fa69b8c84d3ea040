import { service, type Caller } from '../aws/client.ts';
import type { Place } from './connect.ts';

export interface Sample {
  /** Not later than when it was taken, milliseconds since 1970. */
  readonly at: number;
  /** By how much the replica was behind its source, milliseconds. */
  readonly lag: number;
}

/** How far back samples are asked for, milliseconds. */
const reach = 15 * 60_000;

/**
 * What CloudWatch has of a replica's lag, newest first: the worst of each minute, by the minute's begin.
 * Sources: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html (ReplicaLag, seconds; -1 where replication does not run),
 * docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html (AuroraGlobalDBReplicationLag, milliseconds).
 */
export async function lagSamples({ site, id }: Place, global: boolean, caller: Caller): Promise<readonly Sample[]> {
  const watch = await service('cloudWatch', site, caller);
  const now = Date.now();
  const { MetricDataResults: [found] = [] } = await watch.getMetricData({
    StartTime: new Date(now - reach),
    // The clock of AWS may be ahead.
    EndTime: new Date(now + 300_000),
    ScanBy: 'TimestampDescending',
    MetricDataQueries: [
      {
        Id: 'lag',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/RDS',
            MetricName: global ? 'AuroraGlobalDBReplicationLag' : 'ReplicaLag',
            Dimensions: [{ Name: global ? 'DBClusterIdentifier' : 'DBInstanceIdentifier', Value: id }],
          },
          Period: 60,
          Stat: 'Maximum',
        },
      },
    ],
  });
  const { Timestamps = [], Values = [] } = found ?? {};
  return Timestamps.flatMap((at, index) => {
    const value = Values[index] ?? -1;
    return value < 0 ? [] : [{ at: at.getTime(), lag: global ? value : value * 1_000 }];
  }).toSorted((one, other) => other.at - one.at);
}
