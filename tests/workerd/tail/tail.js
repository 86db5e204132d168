// Writes each of the guard's spans into the log once it has ended: `span {"name", "trace", "in", "attributes"}`, where
// `in` is the kind of the invocation.

export default {
  tailStream({ event: onset }) {
    const open = new Map();
    return ({ event, spanContext }) => {
      if (event.type === "spanOpen" && event.name.startsWith("onlyonce.")) open.set(event.spanId, { name: event.name, trace: spanContext.traceId, in: onset.info.type, attributes: {} });
      const span = open.get(spanContext.spanId);
      if (!span) return;
      if (event.type === "attributes") for (const { name, value } of event.info) span.attributes[name] = value;
      if (event.type === "spanClose") console.log(`span ${JSON.stringify(span)}`);
    };
  },
};
