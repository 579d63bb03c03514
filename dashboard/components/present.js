/* Built from dashboard/frontend 468da8417df36c60fb59e1ba9f15185fb2a5e7b5668f1ec7b4dc7c236cc407b7 by npm run build. */
var u=`.deck { --line: var(--st-border-color, #d5dae0); --soft: var(--st-secondary-background-color, #f2f5f7);
  --accent: var(--st-primary-color, #0e7490); color: var(--st-text-color); font: calc(var(--mirage-talk-size, 14px) * 0.5 + 7px)/1.4 var(--st-font, sans-serif);
  display: flex; flex-direction: column; gap: 10px; }
[hidden] { display: none !important; }
button { font: inherit; color: inherit; background: var(--st-background-color); border: 1px solid var(--line); border-radius: 8px;
  padding: 3px 11px; min-height: 32px; cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--accent); color: var(--accent); }
button:disabled { opacity: 0.35; cursor: default; }
button[aria-pressed="true"] { border-color: var(--accent); background: var(--soft); font-weight: 600; }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; }
.bar > [data-act="back"], .bar > [data-act="next"] { font-size: 19px; line-height: 1; min-width: 40px; padding: 0 10px 3px; }
.gap { flex: 1; }
.count { font-variant-numeric: tabular-nums; opacity: 0.75; padding-left: 4px; white-space: nowrap; }
.dots { display: flex; gap: 0; list-style: none; margin: 0; padding: 0; }
.dots button { border: 0; background: none; padding: 0; width: 24px; height: 32px; display: grid; place-items: center; }
.dots button::before { content: ""; width: 9px; height: 9px; border-radius: 50%; border: 1.5px solid currentColor; opacity: 0.55; }
.dots button.past::before { background: currentColor; }
.dots button[aria-current]::before { background: var(--accent); border-color: var(--accent); opacity: 1; width: 13px; height: 13px; }
.notes { display: grid; grid-template-columns: minmax(0, 1fr) minmax(150px, 230px); gap: 6px 28px; border-top: 1px solid var(--line);
  padding-top: 12px; }
.notes p { margin: 0 0 6px; max-width: 75ch; overflow-wrap: anywhere; }
.now { margin: 0 0 6px; font-size: 1.07em; font-weight: 600; }
.words { font-size: 1.14em; }
.clock { display: flex; align-items: center; gap: 10px; }
.clock button { padding: 0; width: 30px; min-height: 30px; }
.time { font-size: 26px; font-weight: 600; font-variant-numeric: tabular-nums; }
.next { opacity: 0.8; padding-top: 6px; }
@media (max-width: 640px) {
  .notes { grid-template-columns: minmax(0, 1fr); }
  .dots { order: 5; width: 100%; justify-content: space-between; }
  .bar > [data-act="window"] { display: none; }
}
/* A window of the speaker's: read from an arm's length. */
.deck[data-only] .words { font-size: clamp(19px, 3.2vw, 30px); line-height: 1.45; }
.deck[data-only] .now { font-size: clamp(20px, 3.4vw, 30px); }
.deck[data-only] .next { font-size: 18px; }
.deck[data-only] .time { font-size: 44px; }
.deck[data-only] :is([data-act="notes"], [data-act="window"], [data-act="screen"]) { display: none; }
`;var T={ArrowRight:"next",ArrowDown:"next",PageDown:"next"," ":"next",ArrowLeft:"back",ArrowUp:"back",PageUp:"back",Home:"first",End:"last",f:"screen",F:"screen",n:"notes",N:"notes",Escape:"leave"},L=new Set(["text","search","number","email","url","tel","password","date","time","month","week","datetime-local"]),N=new Set(["slider","spinbutton","listbox","combobox","option","radio","radiogroup","tab","menu","menuitem","grid","gridcell","textbox","searchbox","application"]);function m(s,t,i=!1){if(s.defaultPrevented||s.ctrlKey||s.altKey||s.metaKey)return null;let e=i&&s.key==="F5"?"screen":T[s.key];return!e||s.repeat&&(e==="screen"||e==="notes")||t.some(z)?null:e==="leave"||s.key==="PageDown"||s.key==="PageUp"?e:t.some(M)?null:s.key===" "?t.some($)?null:s.shiftKey?"back":"next":e}function z(s){let t=s.tagName;return t==="INPUT"?L.has(s.type??"text"):t==="TEXTAREA"||s.isContentEditable===!0}function M(s){let t=s.tagName;if(t==="INPUT")return s.type!=="checkbox"&&s.type!=="button";if(t==="SELECT"||t==="AUDIO"||t==="VIDEO"||N.has(s.getAttribute?.("role")??""))return!0;let i=s.dataset?.testid??"";return i.startsWith("stBidiComponent")&&s.getAttribute?.("data-deck")===null||i==="stDataFrame"}function $(s){let t=s.tagName;return t==="BUTTON"||t==="A"||t==="SUMMARY"||t==="INPUT"||["button","switch","checkbox"].includes(s.getAttribute?.("role")??"")}function g(s,t,i){let e={next:t+1,back:t-1,first:0,last:i-1}[s]??t;return Math.min(Math.max(e,0),i-1)}function f(s,t){return Math.abs(s)<60||Math.abs(s)<2*Math.abs(t)?null:s<0?"next":"back"}function x(s){let t=Math.max(0,Math.floor(s)),[i,e,n]=[Math.floor(t/3600),Math.floor(t/60)%60,t%60],a=o=>String(o).padStart(2,"0");return i?`${i}:${a(e)}:${a(n)}`:`${e}:${a(n)}`}var d=class{constructor(t,i){this.hear=i,this.answer=()=>null,this.channel=new BroadcastChannel(`mirage-talk:${t}`),this.channel.onmessage=({data:e})=>{if(e==="where"){let n=this.answer();n&&this.say(n)}else P(e)&&this.hear(e)}}say(t){this.channel.postMessage(t)}ask(){this.channel.postMessage("where")}close(){this.channel.close()}};function P(s){return typeof s=="object"&&s!==null&&typeof s.run=="string"&&Number.isInteger(s.step)&&s.step>=0&&(s.started===null||Number.isFinite(s.started))}var y=`/* The steps of a presentation lie on one another; the one that is seen is named by a rule of its own (deck.js). */
.st-key-present_stage { position: relative; min-height: 470px; border: 1px solid rgba(128, 140, 152, 0.3); border-radius: 10px; }
.st-key-present_stage > [data-testid="stLayoutWrapper"]:has(> [class*="st-key-present_step_"]) { flex: none; }
[class*="st-key-present_step_"] { padding: 20px 26px 18px; }
[class*="st-key-present_figure_"] { height: 350px; min-height: 0; flex: none; overflow: hidden; }
/* As high as is said here, and not as what was drawn when there was more room. */
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-present_figure_"]) { flex: none; height: auto; }
[class*="st-key-present_figure_"] [data-testid="stFullScreenFrame"] > div { min-height: 0; height: 100%; }
[class*="st-key-present_live_"] { --mirage-map-height: 400px; --mirage-tools: none; }
.st-key-present_stage h2 { font-size: 1.65rem; line-height: 1.2; padding: 0 0 0.35rem; max-width: 34em; text-wrap: balance; }
.st-key-present_stage [data-testid="stText"] { font-family: inherit; }
.st-key-present_stage [data-testid="stMetricLabel"] :is(label, div, p) { white-space: normal; overflow: visible; text-overflow: clip; }
.st-key-present_stage [data-testid="stMetricLabel"] p { font-size: 0.95rem; line-height: 1.25; }
.st-key-present_stage [data-testid="stMetricValue"] { font-size: 1.7rem; line-height: 1.2; }
[class*="st-key-present_lines_"] [data-testid="stText"] { font-size: 1.15rem; line-height: 1.4; max-width: 46em; }
[class*="st-key-present_box_"] [data-testid="stText"] { font-size: 0.95rem; line-height: 1.35; }
[class*="st-key-present_box_"] > :first-child [data-testid="stText"] { font-size: 1.25rem; font-weight: 650; color: var(--mirage-accent); }
[class*="st-key-present_small_"] { opacity: 0.8; }
[class*="st-key-present_small_"] [data-testid="stText"] { font-size: 0.88rem; line-height: 1.35; }
[class*="st-key-present_top_"] [data-testid="stText"] { font-size: 0.9rem; opacity: 0.75; }

.st-key-present_deck { position: sticky; bottom: 0; z-index: 20; background: var(--mirage-page); padding: 6px 0; }

/* Nothing but the talk. */
:is(html.mirage-presenting, html.mirage-notes) :is([data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stExpandSidebarButton"],
  [data-testid="stSkipToContent"], .st-key-present_head, .st-key-present_head_actions) { display: none !important; }
html.mirage-presenting { font-size: clamp(14px, min(1.55vw, 2.75vh), 38px); overflow: hidden; }
html.mirage-presenting .st-key-present_talk { position: fixed; inset: 0; z-index: 9000; gap: 0; background: var(--mirage-page); }
html.mirage-presenting .st-key-present_talk > [data-testid="stLayoutWrapper"]:has(> .st-key-present_stage) { flex: 1 1 0; min-height: 0; }
html.mirage-presenting .st-key-present_stage { height: 100%; min-height: 0; border: 0; border-radius: 0; }
html.mirage-presenting .st-key-present_deck { padding: 6px clamp(12px, 2.5vw, 60px) 10px; max-height: 34vh; overflow: auto; flex: none; }
html.mirage-presenting .st-key-present_stage > [data-testid="stLayoutWrapper"]:has(> [class*="st-key-present_step_"]) { flex: none; height: 100%; position: absolute; inset: 0; }
html.mirage-presenting [class*="st-key-present_step_"] { height: 100%; padding: clamp(12px, 4vh, 70px) clamp(14px, 5vw, 110px) 1.2vh; overflow: auto; }
html.mirage-presenting .st-key-present_stage h2 { font-size: 2.15rem; padding-bottom: 0.6rem; }
html.mirage-presenting [class*="st-key-present_lines_"] [data-testid="stText"] { font-size: 1.38rem; line-height: 1.34; }
html.mirage-presenting [class*="st-key-present_box_"] { padding: 1.1em 1.2em; }
html.mirage-presenting [class*="st-key-present_box_"] [data-testid="stText"] { font-size: 1.25rem; }
html.mirage-presenting [class*="st-key-present_box_"] > :first-child [data-testid="stText"] { font-size: 1.75rem; }
html.mirage-presenting .st-key-present_stage [data-testid="stMetricValue"] { font-size: 2.2rem; }
html.mirage-presenting .st-key-present_stage pre { font-size: 1rem; }
@media (min-width: 641px) {
  /* The body takes what the message leaves; what figures must be read with stands at the foot. */
  html.mirage-presenting [class*="st-key-present_step_"] > [data-testid="stLayoutWrapper"]:has(> [class*="st-key-present_body_"]) { flex: 1 1 0; min-height: 0; }
  html.mirage-presenting [class*="st-key-present_body_"] { height: 100%; justify-content: safe center; }
  html.mirage-presenting [class*="st-key-present_body_"] > [data-testid="stLayoutWrapper"]:has(> [class*="st-key-present_small_"]) { margin-top: auto; flex: none; }
  html.mirage-presenting [class*="st-key-present_figure_"] { height: clamp(200px, 58vh, 1400px); }
  html.mirage-presenting:not(.mirage-noted) [class*="st-key-present_box_"] { min-height: 36vh; }
  html.mirage-presenting [data-testid="stColumn"] [class*="st-key-present_figure_"] { height: clamp(180px, 51vh, 1300px); }
  html.mirage-presenting.mirage-noted .st-key-present_stage [class*="st-key-present_figure_"] { height: clamp(180px, 34vh, 1000px); }
  html.mirage-presenting [class*="st-key-present_live_"] { --mirage-map-height: clamp(220px, 56vh, 1300px); }
  html.mirage-presenting.mirage-noted [class*="st-key-present_live_"] { --mirage-map-height: clamp(200px, 34vh, 900px); }
}
/* The window of the speaker's shows no step. */
html.mirage-notes .st-key-present_stage { display: none; }
html.mirage-notes [data-testid="stMainBlockContainer"] { padding: 1rem 1.5rem; }
@media (max-width: 640px) {
  [class*="st-key-present_step_"] { padding: 14px; }
  [class*="st-key-present_figure_"] { height: 260px; }
  html.mirage-presenting .st-key-present_stage h2 { font-size: 1.75rem; }
  html.mirage-presenting [class*="st-key-present_lines_"] [data-testid="stText"] { font-size: 1.2rem; }
}
`;function b(s,t,i){let e=null;document.addEventListener("touchstart",n=>{let a=n.composedPath().filter(h=>h instanceof HTMLElement),o=h=>h.tagName==="CANVAS"||h.tagName==="INPUT"||(h.dataset.testid??"").startsWith("stBidiComponent");e=n.touches.length===1&&!a.some(o)&&a.some(h=>h.classList.contains(t()))?[n.touches[0].clientX,n.touches[0].clientY]:null},{signal:s,passive:!0}),document.addEventListener("touchend",n=>{if(!e)return;let{clientX:a,clientY:o}=n.changedTouches[0],l=f(a-e[0],o-e[1]);e=null,l&&i(l)},{signal:s,passive:!0})}function r(s,t={},...i){let e=document.createElement(s);for(let[n,a]of Object.entries(t))a==null||a===!1||(n.startsWith("on")?e.addEventListener(n.slice(2),a):n==="text"?e.textContent=String(a):e.setAttribute(n,a===!0?"":String(a)));return e.append(...i.filter(n=>n!=null)),e}function p(s,t){s.textContent!==t&&(s.textContent=t)}function k(s){let t=getComputedStyle(s),i=(e,n)=>t.getPropertyValue(e).trim()||n;return{text:i("--st-text-color","#1A2027"),background:i("--st-background-color","#FFFFFF"),border:i("--st-border-color","#D5DAE0"),muted:"#8A94A0",accent:i("--st-primary-color","#0E7490"),font:i("--st-font","sans-serif"),label:Number.parseFloat(i("--mirage-talk-size","12"))||12}}function w(s){return s instanceof ShadowRoot?s.host:s}var O=120,v="mirage-presenting",_="mirage-notes",S="mirage-deck",c=class{constructor(t){this.host=w(t),this.page=document.documentElement,this.data=null,this.at=0,this.sent=0,this.notesShown=!1,this.presenting=!1,this.started=null,this.telling=void 0,this.untold=!1,this.line=null,this.root=r("div",{class:"deck","data-deck":""}),t.append(r("style",{text:u}),this.root),this.host.setAttribute("data-deck",""),this.pageStyle=r("style",{text:y,"data-mirage":"deck"}),this.stepStyle=r("style",{"data-mirage":"deck-step"}),document.head.append(this.pageStyle,this.stepStyle),this.#u(),this.ends=new AbortController;let{signal:i}=this.ends;document.addEventListener("keydown",e=>this.#g(e),{signal:i}),addEventListener("resize",()=>this.#d(),{signal:i}),document.addEventListener("fullscreenchange",()=>this.#x(),{signal:i}),b(i,()=>`st-key-${this.data?.stage}`,e=>this.#e(e)),this.ticking=setInterval(()=>{this.#s(),this.#l()},1e3)}update(t,i){this.send=i,t.token!==this.data?.token?[this.sent,this.at]=[t.seen,t.step]:t.seen>=this.sent&&(this.at=t.step),(t.run!==this.data?.run||t.notesOnly!==this.data?.notesOnly)&&this.#c(t),this.data=t,this.at=Math.min(this.at,t.steps.length-1),this.page.classList.add(S),this.page.classList.toggle(_,t.notesOnly),this.root.toggleAttribute("data-only",t.notesOnly);let{background:e,accent:n}=k(this.host);this.page.style.setProperty("--mirage-page",e),this.page.style.setProperty("--mirage-accent",n),t.notesOnly&&(this.notesShown=!0),this.#m(),this.#i(),this.root.dataset.ready="1"}remove(){this.ends.abort(),clearInterval(this.ticking),clearTimeout(this.telling),this.line?.close(),document.fullscreenElement&&document.exitFullscreen().catch(()=>{}),this.page.classList.remove(S,v,_,"mirage-noted"),this.page.style.removeProperty("--mirage-talk-size"),this.pageStyle.remove(),this.stepStyle.remove(),this.root.remove()}#c(t){this.line?.close(),this.line=new d(location.origin+location.pathname,i=>{if(i.run!==this.data?.run){if(!this.data?.notesOnly)return;let e=new URL(location.href);e.searchParams.set("run",i.run),e.href!==location.href&&location.replace(e);return}if(this.started=i.started,i.step===this.at||i.step>=this.data.steps.length)return this.#s();this.at=i.step,this.#r()}),t.notesOnly?this.line.ask():this.line.answer=()=>this.#t()}#t(){return{run:this.data?.run??"",step:this.at,started:this.started}}#u(){let t=(e,n,a,o)=>r("button",{type:"button",title:n,"aria-label":n,"data-act":o,text:e,onclick:l=>{a(),l.detail&&l.currentTarget.blur()}});this.back=t("\u2039","Step back (left arrow)",()=>this.#e("back"),"back"),this.next=t("\u203A","Next step (right arrow)",()=>this.#e("next"),"next"),this.dots=r("ol",{class:"dots","aria-label":"Steps"}),this.count=r("span",{class:"count","aria-live":"polite"}),this.notesButton=t("Notes","Speaker notes below (N)",()=>this.#h(),"notes"),this.window=t("Notes window","Notes, next step and time in a window of their own",()=>this.#f(),"window"),this.screen=t("Full screen","Full screen (F), Escape leaves it",()=>this.#p(),"screen"),this.nowTitle=r("h4",{class:"now"}),this.words=r("div",{class:"words"}),this.nextTitle=r("p",{class:"next"}),this.time=r("strong",{class:"time",role:"timer","aria-label":"Time since the first step"});let i=t("\u21BA","Time from now on",()=>{this.started=Date.now(),this.#s(),this.line?.say(this.#t())},"again");this.notes=r("section",{class:"notes","aria-label":"Speaker notes"},r("div",{class:"said"},this.nowTitle,this.words),r("div",{class:"beside"},r("div",{class:"clock"},this.time,i),this.nextTitle)),this.bar=r("nav",{class:"bar","aria-label":"Presentation"},this.back,this.dots,this.next,this.count,r("span",{class:"gap"}),this.notesButton,this.window,this.screen),this.root.append(this.bar,this.notes)}#m(){let{steps:t}=this.data,i=t.map(({title:e})=>e).join(`
`);this.dots?.dataset.titles!==i&&(this.dots?.replaceChildren(...t.map(({title:e,name:n},a)=>{let o=r("button",{type:"button",title:`${a+1}. ${e}`,"aria-label":`Step ${a+1}: ${e}`,"data-step":n});return o.addEventListener("click",({detail:l})=>{this.#a(a),l&&o.blur()}),r("li",{},o)})),this.dots&&(this.dots.dataset.titles=i))}#g(t){if(!this.data||document.querySelector('[role="dialog"]'))return;let i=t.composedPath().filter(n=>n instanceof Element);t.key==="F5"&&t.repeat&&!this.data.notesOnly&&t.preventDefault();let e=m(t,i,this.presenting);if(e!==null){if(e==="leave"){this.presenting&&!document.fullscreenElement&&this.#n(!1);return}!this.presenting&&(t.key==="ArrowUp"||t.key==="ArrowDown")||(t.preventDefault(),e==="screen"?this.#p():e==="notes"?this.#h():this.#e(e))}}#e(t){this.#a(g(t,this.at,this.data?.steps.length??1))}#a(t){!this.data||t===this.at||(this.at=t,this.started??=Date.now(),this.#r(),this.line?.say(this.#t()))}#r(){this.#i(),this.sent+=1,this.telling===void 0?this.#o():this.untold=!0}#o(){let t=this.data;this.untold=!1,this.send?.("moved",{seq:this.sent,run:t.run,step:t.steps[this.at].name}),this.telling=setTimeout(()=>{this.telling=void 0,this.untold&&this.#o()},O)}#i(){let{data:t,at:i}=this;if(!t)return;let{steps:e,prefix:n}=t,a=`[class*="st-key-${n}_"]:not(.st-key-${n}_${e[i].name})`;p(this.stepStyle,`${a} { position: absolute; inset: 0; overflow: hidden !important; } ${a}, ${a} * { visibility: hidden !important; }`),this.page.classList.toggle("mirage-noted",this.notesShown&&!t.notesOnly),this.#l(),p(this.count,`${i+1} / ${e.length}`),this.dots?.querySelectorAll("button").forEach((l,h)=>{h===i?l.setAttribute("aria-current","step"):l.removeAttribute("aria-current"),l.classList.toggle("past",h<i)}),this.back?.toggleAttribute("disabled",i===0),this.next?.toggleAttribute("disabled",i===e.length-1),this.notesButton?.setAttribute("aria-pressed",String(this.notesShown));let o=e[i+1]?.title;p(this.nowTitle,`${i+1}. ${e[i].title}`),this.words?.replaceChildren(...e[i].notes.map(l=>r("p",{text:l}))),p(this.nextTitle,o?`Next: ${o}`:"This is the last step."),this.notes&&(this.notes.hidden=!this.notesShown),this.#s()}#l(){if(!this.data)return;let{name:t}=this.data.steps[this.at],i=new URL(location.href);i.searchParams.get("step")!==t&&(i.searchParams.set("step",t),history.replaceState(history.state,"",i))}#s(){p(this.time,this.started===null?"0:00":x((Date.now()-this.started)/1e3))}#h(){this.data?.notesOnly||(this.notesShown=!this.notesShown,this.#i())}#f(){let t=new URL(location.href);t.searchParams.set("notes","1"),window.open(t,"mirage-notes","popup,width=760,height=560")}#p(){this.data?.notesOnly||this.#n(!this.presenting)}#n(t){this.presenting=t,this.page.classList.toggle(v,t),this.#d(),p(this.screen,t?"Leave":"Full screen"),this.screen?.setAttribute("aria-pressed",String(t)),t?(this.started??=Date.now(),this.line?.say(this.#t()),this.page.requestFullscreen?.().catch(()=>{})):document.fullscreenElement&&document.exitFullscreen().catch(()=>{})}#d(){this.presenting?this.page.style.setProperty("--mirage-talk-size",`${Math.round(Math.max(14,Math.min(innerWidth/75,innerHeight/42)))}px`):this.page.style.removeProperty("--mirage-talk-size")}#x(){!document.fullscreenElement&&this.presenting&&this.#n(!1)}};function A(s){let t=new WeakMap;return({data:i,parentElement:e,setStateValue:n})=>{let a=t.get(e)??{part:s(e),calls:0};t.set(e,a);let o=++a.calls;return a.part.update(i,n),()=>{a.calls===o&&(a.part.remove(),t.delete(e))}}}var et=A(s=>new c(s));export{et as default};
