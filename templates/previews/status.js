(() => {
  let wait = 2000;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
    const state = answer.headers.get("X-Edaha-Status");
    if (!state) return location.reload();
    wait = state === "unknown" || state === "destroyed" ? 10000 : 2000;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = document.querySelector("main");
    if (main.innerHTML !== fresh.querySelector("main").innerHTML) main.innerHTML = fresh.querySelector("main").innerHTML;
    document.title = fresh.title;
  };
  const again = () => look().catch(() => 0).finally(() => setTimeout(again, wait));
  setTimeout(again, wait);
})();
