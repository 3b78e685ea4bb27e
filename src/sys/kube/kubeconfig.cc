#include <fmt/format.h>
#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "sys/files/files.h"
#include "sys/kube/config.h"

namespace hitless::sys {
namespace {

Result<std::string> decodeBase64(const std::string& encoded) {
  std::string input = encoded;
  std::erase_if(input, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  std::string out(input.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(input.data()),
                                   static_cast<int>(input.size()));
  if (size < 0 || input.size() % 4 != 0) {
    return invalid("not base64");
  }
  const auto padding = static_cast<std::size_t>(
      std::count(input.end() - std::min<std::ptrdiff_t>(2, std::ssize(input)), input.end(), '='));
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

/// One kubeconfig file; every error it makes names the file and the key.
class File {
 public:
  File(std::string path, YAML::Node root) : path_(std::move(path)), root_(std::move(root)) {}

  Result<KubeConfig> load() const {
    const std::string context = TRY(string(root_, "current-context", "current-context"));
    const YAML::Node entry = TRY(named("contexts", context, "context"));
    const std::string clusterName = TRY(string(entry, "cluster", "context.cluster"));
    const YAML::Node cluster = TRY(named("clusters", clusterName, "cluster"));
    const std::string server = TRY(string(cluster, "server", "cluster.server"));
    KubeConfig config;
    TRY_VOID(readServer(server, config));
    config.tlsServerName = optional(cluster, "tls-server-name");
    if (optional(cluster, "insecure-skip-tls-verify") == "true") {
      return wrong("insecure-skip-tls-verify is not supported",
                   "give certificate-authority instead, and tls-server-name if the certificate is "
                   "for another name");
    }
    config.caPem = TRY(dataOrFile(cluster, "certificate-authority", "certificate-authority-data"));
    const std::string user = optional(entry, "user");
    if (!user.empty()) {
      const YAML::Node body = TRY(named("users", user, "user"));
      TRY_VOID(readUser(body, config));
    }
    return config;
  }

 private:
  tl::unexpected<Error> wrong(std::string message, std::string hint = {}) const {
    return tl::unexpected<Error>(
        Error{ErrorKind::kInvalid, std::move(message), path_, std::move(hint), 0});
  }

  static std::string optional(const YAML::Node& node, const std::string& key) {
    const YAML::Node value = node.IsMap() ? node[key] : YAML::Node();
    return value && value.IsScalar() ? value.Scalar() : std::string();
  }

  Result<std::string> string(const YAML::Node& node, const std::string& key,
                             std::string_view where) const {
    std::string value = optional(node, key);
    if (value.empty()) {
      return wrong(fmt::format("{} is missing or empty", where));
    }
    return value;
  }

  /// The body of the entry called `name` in one of the three lists.
  Result<YAML::Node> named(const std::string& list, const std::string& name,
                           const std::string& body) const {
    const YAML::Node entries = root_[list];
    if (entries && entries.IsSequence()) {
      for (const YAML::Node& entry : entries) {
        if (optional(entry, "name") == name && entry[body] && entry[body].IsMap()) {
          return YAML::Node(entry[body]);
        }
      }
    }
    return wrong(fmt::format("{} has no entry named '{}'", list, name));
  }

  Status readServer(const std::string& server, KubeConfig& config) const {
    constexpr std::string_view kScheme = "https://";
    if (server.rfind(kScheme, 0) != 0) {
      return wrong(fmt::format("server '{}' is not an https:// address", server),
                   "the API server's plain HTTP port carries no credentials; use its TLS port");
    }
    std::string_view rest = std::string_view(server).substr(kScheme.size());
    while (!rest.empty() && rest.back() == '/') {
      rest.remove_suffix(1);
    }
    if (rest.find_first_of("/?#@") != std::string_view::npos) {
      return wrong(fmt::format("server '{}' has more than a host and a port", server));
    }
    const auto bracket = rest.find(']');
    const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    std::string_view host = rest.substr(0, colon);
    if (colon != std::string_view::npos) {
      const auto port = parseUint(rest.substr(colon + 1));
      if (!port || *port == 0 || *port > 65535) {
        return wrong(fmt::format("server '{}' has no valid port", server));
      }
      config.port = static_cast<std::uint16_t>(*port);
    }
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    }
    if (host.empty()) {
      return wrong(fmt::format("server '{}' has no host", server));
    }
    config.host = host;
    return {};
  }

  Status readUser(const YAML::Node& user, KubeConfig& config) const {
    for (const char* helper : {"exec", "auth-provider", "username"}) {
      if (user[helper]) {
        return wrong(fmt::format("user.{} is not supported", helper),
                     "use a token or a client certificate");
      }
    }
    config.token = optional(user, "token");
    if (const std::string tokenFile = optional(user, "tokenFile"); !tokenFile.empty()) {
      config.tokenFile = beside(tokenFile);
    }
    if (config.token.empty() && !config.tokenFile.empty()) {
      const std::string token = TRY(readFile(config.tokenFile));
      config.token = std::string(trim(token));
    }
    config.clientCertPem = TRY(dataOrFile(user, "client-certificate", "client-certificate-data"));
    config.clientKeyPem = TRY(dataOrFile(user, "client-key", "client-key-data"));
    if (config.clientCertPem.empty() != config.clientKeyPem.empty()) {
      return wrong("client-certificate and client-key must be given together");
    }
    return {};
  }

  /// Relative names count from the kubeconfig's folder, as in client-go.
  std::filesystem::path beside(const std::string& name) const {
    return std::filesystem::path(path_).parent_path() / name;
  }

  /// The -data key wins, as in client-go.
  Result<std::string> dataOrFile(const YAML::Node& node, const std::string& fileKey,
                                 const std::string& dataKey) const {
    if (const std::string data = optional(node, dataKey); !data.empty()) {
      Result<std::string> decoded = decodeBase64(data);
      if (!decoded) {
        return wrong(fmt::format("{} is not base64", dataKey));
      }
      return decoded;
    }
    const std::string file = optional(node, fileKey);
    return file.empty() ? Result<std::string>("") : readFile(beside(file));
  }

  std::string path_;
  YAML::Node root_;
};

}  // namespace

Result<KubeConfig> loadKubeconfig(const std::string& path) {
  const std::string text = TRY(readFile(path));
  try {
    YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) {
      return tl::unexpected<Error>(
          Error{ErrorKind::kInvalid, "not a kubeconfig: no YAML map", path, {}, 0});
    }
    return File(path, std::move(root)).load();
  } catch (const YAML::Exception& error) {
    return tl::unexpected<Error>(Error{ErrorKind::kInvalid,
                                       fmt::format("not valid YAML: {}", error.msg),
                                       fmt::format("{}:{}", path, error.mark.line + 1),
                                       {},
                                       0});
  }
}

}  // namespace hitless::sys
