#include "sys/api/kubeconfig_writer.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "sys/files/files.h"

namespace hitless::sys {
namespace {

std::string base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a NUL.
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

constexpr std::string_view kTemplate = R"(apiVersion: v1
kind: Config
current-context: {name}
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {name}
  user: {user}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
    namespace: default
)";

}  // namespace

Status writeKubeconfig(const std::string& path, const KubeconfigContent& content) {
  const std::string user =
      fmt::format("{{token: \"{}\"}}", content.token.empty() ? "none" : content.token);
  return writeFile(
      path,
      fmt::format(kTemplate, fmt::arg("name", content.name), fmt::arg("server", content.serverUrl),
                  fmt::arg("ca", base64(content.caPem)), fmt::arg("user", user)),
      0600);
}

}  // namespace hitless::sys
