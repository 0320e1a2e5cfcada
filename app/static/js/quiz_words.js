// Words are tapped or dragged into the gaps of a text. Each gap is a list box and stays one: for keys, and without scripts.
for (const box of document.querySelectorAll("[data-words]")) {
  const gaps = [...box.closest("fieldset").querySelectorAll("select.gap")];
  const words = [...box.querySelectorAll("[data-word]")];
  let dragged = null;

  const mark = () => {
    for (const word of words) word.classList.toggle("used", gaps.some((gap) => gap.value === word.dataset.word));
  };

  const put = (word, gap) => {
    if (!gap) return;
    gap.value = word.dataset.word;
    gap.dispatchEvent(new Event("change", { bubbles: true }));
    const said = box.dataset.words.replace("{word}", word.textContent).replace("{gap}", gap.ariaLabel);
    document.dispatchEvent(new CustomEvent("announce", { detail: { value: said } }));
  };

  for (const word of words) {
    word.addEventListener("click", () => put(word, gaps.find((gap) => !gap.value)));
    word.addEventListener("dragstart", (event) => {
      dragged = word;
      event.dataTransfer.setData("text/plain", word.textContent);
    });
    word.addEventListener("dragend", () => (dragged = null));
  }
  for (const gap of gaps) {
    gap.addEventListener("change", mark);
    gap.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      gap.classList.add("over");
    });
    gap.addEventListener("dragleave", () => gap.classList.remove("over"));
    gap.addEventListener("drop", (event) => {
      gap.classList.remove("over");
      if (!dragged) return;
      event.preventDefault();
      put(dragged, gap);
    });
  }
  box.hidden = false;
  mark();
}
