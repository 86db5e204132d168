// Text for a terminal, in lines of at most 100 columns. A word that is longer stays in one piece.
const WIDTH = 100;

export function wrapped(text, indent) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line && line.length + 1 + word.length > WIDTH - indent.length) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.map((line) => indent + line).join("\n");
}
