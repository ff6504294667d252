// The theme that was chosen last, before anything is drawn; without one, the system's.
const chosen = localStorage.getItem("swipeline-theme");
if (chosen) document.documentElement.dataset.theme = chosen;
