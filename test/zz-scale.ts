import { cloud } from './activities/cloud.ts';
import { at, image } from './lab/cloud.ts';
const c = await cloud(); const ec2 = await at(c,'east','ec2');
await c.settings({quotas:{'L-1216C47A':100000}});
const ImageId = await image(c);
let t=Date.now(); const ids:string[]=[];
for (let n=0;n<2000;n+=100) { const a=Date.now(); const r=await ec2.runInstances({ImageId,InstanceType:'m7i.large',MinCount:100,MaxCount:100,TagSpecifications:[{ResourceType:'instance',Tags:[{Key:'system',Value:`s${n}`}]}]}); ids.push(...r.Instances!.map(i=>i.InstanceId!)); if(n%500===0) console.log('run 100 at',n,Date.now()-a);}
console.log('2000 instances',Date.now()-t);
t=Date.now(); await ec2.describeInstances({InstanceIds:ids.slice(0,100)}); console.log('describe 100',Date.now()-t);
t=Date.now(); await ec2.describeInstances({InstanceIds:[ids[1999]!]}); console.log('describe 1',Date.now()-t);
t=Date.now(); for(let i=0;i<100;i++) await ec2.createSnapshots({InstanceSpecification:{InstanceId:ids[i*19]!},TagSpecifications:[{ResourceType:'snapshot',Tags:[{Key:'k',Value:`${i}`}]}]}); console.log('createSnapshots each',(Date.now()-t)/100);
t=Date.now(); for(let i=0;i<20;i++) await ec2.describeSnapshots({Filters:[{Name:'tag:k',Values:[`${i}`]}]}); console.log('describe by tag each',(Date.now()-t)/20);
t=Date.now(); for(let i=0;i<50;i++) await ec2.stopInstances({InstanceIds:[ids[i]!]}); console.log('stop each',(Date.now()-t)/50);
t=Date.now(); const l=await c.ledger(); console.log('ledger',l.length,Date.now()-t);
