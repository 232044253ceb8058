import { serialize } from 'node:v8';
import { ReplayTrack } from './lib/cli/replay-track.ts';
import { Traffic } from './lib/cli/traffic.ts';
import { defaultPolicy } from './lib/policy/policy.ts';
import { defaultCalibration } from './lib/scoring/default-calibration.ts';
const g=()=>{(globalThis as any).gc?.();(globalThis as any).gc?.(); const m=process.memoryUsage(); return m.heapUsed+m.external};
function another(event:any, copy:number){ if(copy===0) return event; const mark='abcdefgh'[copy];
 return {...event, account:`a_${mark}${event.account.slice(3)}`, prints:event.prints.map((one:any)=>Object.fromEntries(Object.entries(one).map(([n,v])=>[n,n==='epoch'||n==='sketch'?v:`${mark}${String(v).slice(1)}`])))}}
const t = new ReplayTrack({ policy: defaultPolicy, calibration: defaultCalibration }, new Map());
const b=g();
const tr=await Traffic.of(['/tmp/lab/c-part.ndjson'],{keySeed:'benchmark'});
await tr.feed({label:'',counted:()=>'',onEvent:(e:any)=>{for(let c=0;c<4;c++) t.push(another(e,c))}});
t.finish();
console.log('held', (g()-b)/1e6, t.store.accounts);
const sizes:Record<string,number>={};
for (const [p,v] of t.frames()) sizes[p]=(sizes[p]??0)+serialize(v).length;
console.log(sizes);
const s=t.store as any;


const before=g(); s.warm.clear(); console.log('warm', (before-g())/1e6);
const b2=g(); s.items.clear(); console.log('items', (b2-g())/1e6);
const b3=g(); (t.board.standings as any).clear(); console.log('standings', (b3-g())/1e6);
const b4=g(); (t.board.latest as any).clear(); console.log('latest', (b4-g())/1e6);
console.log('rest (tracker)', (g()-b)/1e6);
