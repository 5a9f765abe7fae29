// Measuring compiles other code: it must not take the place of what the scripts deploy.
import base from "../../hardhat.config.ts";

export default {
  ...base,
  paths: { ...base.paths, artifacts: "./coverage/artifacts", cache: "./coverage/cache" },
};
