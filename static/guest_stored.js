// What is stored about a guest, in her language first. It stands in the fragment, which no server is told, and
// goes from the address at once; the way back takes it along.

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
  section.parentElement.prepend(section);
  window.scrollTo(0, 0);
}
