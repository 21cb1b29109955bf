// Runs before the page is drawn, so that it never shows in the wrong colours first. The style sheet has them by data-theme.
(() => {
  const KEY = 'onpyrunner.theme';
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  let choice = 'system';
  try {
    choice = localStorage.getItem(KEY) ?? choice;
  } catch {
    // Storage is switched off: as the system.
  }
  const apply = (to: string) => {
    choice = to;
    root.dataset.themeChoice = choice;
    root.dataset.theme = choice === 'dark' || (choice !== 'light' && dark.matches) ? 'dark' : 'light';
    dispatchEvent(new Event('onpyrunner-theme'));
  };
  dark.addEventListener('change', () => apply(choice));
  addEventListener('onpyrunner-theme-choice', (event) => {
    const to = String((event as CustomEvent).detail);
    try {
      localStorage.setItem(KEY, to);
    } catch {
      // It holds until the page is left.
    }
    apply(to);
  });
  apply(choice);
})();
