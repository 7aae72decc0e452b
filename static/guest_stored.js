// Shows what is stored about a guest in her language first. The fragment has the language, because browsers do not
// send it to the server. It is removed from the address immediately; the link back includes it.

const away = document.getElementById("leave-now");
const section = document.getElementById(window.location.hash.slice(1));
if (window.location.hash) window.history.replaceState(null, "", window.location.pathname);

if (section?.matches(".stored")) {
  const back = document.getElementById("back");
  back.href = section.querySelector("a").href;
  back.replaceChildren([...back.children].find(({ lang }) => lang === section.lang));
  if (away) {
    away.textContent = section.dataset.leaveNow;
    away.lang = section.lang;
    away.dir = section.dir;
  }
  document.title = section.querySelector("h1, h2").textContent;
  document.documentElement.lang = section.lang;
  document.documentElement.dir = section.dir;
  section.parentElement.prepend(section);
  window.scrollTo(0, 0);
}
