// "Run all six": one after the other, once at a time.
//
// 1. While they run the button stops them: the scene that runs is still shown to its end.
// 2. The page moves along with them until the visitor moves it; then it is theirs.

import { announce } from "./dom.js";

const VISITORS_OWN = ["wheel", "touchmove", "pointerdown", "keydown"];

export function runAllWith(button, scenes) {
  const label = button.textContent;
  let run;
  button.addEventListener("click", async () => {
    if (run) return run.stop();
    run = new Run(scenes);
    button.textContent = "Stop";
    await run.toEnd();
    button.textContent = label;
    run = undefined;
  });
}

class Run {
  #isStopped = false;
  #isFollowed = true;

  constructor(scenes) {
    this.scenes = scenes;
  }

  stop() {
    this.#isStopped = true;
    announce("Stops after this scene.");
  }

  async toEnd() {
    const letGo = () => (this.#isFollowed = false);
    VISITORS_OWN.forEach((name) => addEventListener(name, letGo, { passive: true, capture: true }));
    for (const scene of this.scenes) {
      if (this.#isStopped) break;
      if (this.#isFollowed) scene.node.scrollIntoView();
      await untilIdle(scene);
      await scene.play();
    }
    VISITORS_OWN.forEach((name) => removeEventListener(name, letGo, { capture: true }));
  }
}

// It may be running already, because it came into view.
async function untilIdle(scene) {
  while (scene.isBusy) await new Promise((resolve) => setTimeout(resolve, 100));
}
