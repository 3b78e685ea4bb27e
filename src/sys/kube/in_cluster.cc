#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"
#include "sys/files/files.h"
#include "sys/kube/config.h"

namespace hitless::sys {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::string> accountFile(const std::string& path) {
  Result<std::string> content = readFile(path);
  if (!content) {
    content.error().hint =
        "is the service account's token mounted (automountServiceAccountToken)? Else give "
        "--kubeconfig";
  }
  return content;
}

}  // namespace

PodEnvironment PodEnvironment::current() {
  PodEnvironment out;
  out.host = variable("KUBERNETES_SERVICE_HOST");
  out.port = variable("KUBERNETES_SERVICE_PORT");
  return out;
}

Result<KubeConfig> inClusterConfig(const PodEnvironment& environment) {
  if (environment.host.empty() || environment.port.empty()) {
    return fail(ErrorKind::kNotFound,
                "this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
                "give --kubeconfig FILE");
  }
  const auto port = parseUint(environment.port);
  if (!port || *port == 0 || *port > 65535) {
    return invalid(
        fmt::format("KUBERNETES_SERVICE_PORT is '{}', which is no port number", environment.port));
  }
  KubeConfig config;
  config.host = environment.host;
  config.port = static_cast<std::uint16_t>(*port);
  config.caPem = TRY(accountFile(environment.accountFolder + "/ca.crt"));
  config.tokenFile = environment.accountFolder + "/token";
  const std::string token = TRY(accountFile(config.tokenFile));
  config.token = std::string(trim(token));
  if (config.token.empty()) {
    return tl::unexpected<Error>(
        Error{ErrorKind::kInvalid, "the token is empty", config.tokenFile, {}, 0});
  }
  return config;
}

Result<KubeConfig> findKubeConfig(const std::string& kubeconfig,
                                  const PodEnvironment& environment) {
  if (!kubeconfig.empty()) {
    return loadKubeconfig(kubeconfig);
  }
  Result<KubeConfig> config = inClusterConfig(environment);
  if (!config) {
    return tl::unexpected<Error>(
        std::move(config).error().during("looking for the API server without --kubeconfig"));
  }
  return config;
}

}  // namespace hitless::sys
