import { estate, context, carryOut, typeOf } from '/work/main/test/activities/estate.ts';
import { facts, locate } from '/work/main/activities/facts.ts';
describe('smoke', () => { it('goes', async () => {
 let t=Date.now(); const lap=(s:string)=>{console.log(s, Date.now()-t,'ms'); t=Date.now()};
 const e = await estate(); lap('up');
 try {
  const ask={secret:context(e).secret};
  console.log(await locate(e.system,e.hosts,'site-b',ask)); lap('locate');
  const input={system:e.system,source:{site:'site-a'},target:{site:'site-b'},hosts:e.hosts};
  console.log(JSON.stringify(await facts(input,'site-b',ask),null,1)); lap('facts');
  for (const [n,i] of [['power.off',{host:'a-db'}],['postgres.promote',{host:'b-db'}],['postgres.quiesce',{host:'a-db',standby:'b-db'}],['postgres.check',{host:'b-db'}]] as const) {console.log(await typeOf(n).preflight(i,context(e))); lap('preflight '+n);}
  console.log(await carryOut('postgres.check',{host:'b-db',role:'standby',query:'select count(*) > 0 from orders',rows:[{table:'orders','at-least':100}]},context(e))); lap('check');
  const off=await carryOut('power.off',{host:'a-db'},context(e)); console.log(JSON.stringify(off,null,1)); lap('off');
  console.log(JSON.stringify((await facts(input,'site-b',ask)),null,1)); lap('facts');
  console.log(await carryOut('postgres.promote',{host:'b-db'},context(e,{proofs:off.proofs!,seen:{'a-db':'2026-11-22T00:00:00Z'}}))); lap('promote');
  console.log(e.ledger());
 } finally { await e.end(); lap('down') }
}).timeout(60000) });
