import assert from "node:assert/strict";
import { test } from "node:test";

import { slug } from "./slug.js";

test("words are joined by dashes", () => {
  assert.equal(slug("Pipelines that hold"), "pipelines-that-hold");
});

test("accents and signs fall away", () => {
  assert.equal(slug("  Café & Crème!  "), "cafe-creme");
});
