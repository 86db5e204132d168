// Which routes are for which path templates: the patterns are the guard's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decidingRoutes, reach, templateSegments } from "../../scripts/lib/openapi/routes.mjs";

test("a route is for all, some or none of the paths that a template stands for", () => {
  for (const [pattern, template, expected] of [
    ["/orders", "/orders", "all"],
    ["/orders", "/orders/", "all"],
    ["/orders/", "/orders", "all"],
    ["/orders", "/Orders", "none"],
    ["/orders", "/orders/{id}", "none"],
    ["/orders", "/{kind}", "some"],
    ["/orders/*", "/orders/{id}", "all"],
    ["/orders/*", "/orders/7", "all"],
    ["/orders/*", "/orders", "none"],
    ["/orders/*", "/orders//", "none"],
    ["/orders/*", "/{kind}/{id}", "some"],
    ["/orders/*/lines", "/orders/{id}/lines", "all"],
    ["/orders/*/lines", "/orders/{id}/{part}", "some"],
    ["/orders/7", "/orders/{id}", "some"],
    ["/orders/7.json", "/orders/{id}.json", "some"],
    ["/orders/7.xml", "/orders/{id}.json", "none"],
    ["/orders/*", "/orders/{id}.json", "all"],
    ["/api/**", "/api", "all"],
    ["/api/**", "/api/v1/{x}", "all"],
    ["/api/**", "/apis", "none"],
    ["/api/**", "/{version}/x", "some"],
    ["/**", "/", "all"],
    ["*", "/anything/{at}/all", "all"],
    ["/", "/", "all"],
    ["/", "/{page}", "none"],
    ["/caf%C3%A9", "/café", "all"],
  ]) {
    assert.equal(reach(pattern, templateSegments(template)), expected, `${pattern} for ${template}`);
  }
});

function decided(patterns, template, others = []) {
  const routes = [...patterns, "*"].map((path) => ({ path }));
  return decidingRoutes(routes, templateSegments(template), others.map(templateSegments)).map(({ route }) => route.path);
}

test("the first route that is for all of them ends the search", () => {
  assert.deepEqual(decided(["/a/x", "/a/*", "/a/**"], "/a/{id}"), ["/a/x", "/a/*"]);
  assert.deepEqual(decided(["/b/**"], "/a/{id}"), ["*"]);
});

test("what another template writes out is not among a template's paths", () => {
  assert.deepEqual(decided(["/a/search"], "/a/{id}", ["/a/search"]), ["*"]);
  assert.deepEqual(decided(["/a/search"], "/a/{id}", ["/a/other"]), ["/a/search", "*"]);
  assert.deepEqual(decided(["/a/search/*"], "/a/{id}/{part}", ["/a/search/{part}"]), ["*"]);
  assert.deepEqual(decided(["/a/search/*"], "/a/{id}/{part}", ["/a/search/first"]), ["/a/search/*", "*"]);
});
