#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/kube/config.h"
#include "testing/temp_folder.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;

struct KubeconfigTest : ::testing::Test {
  testing::TempFolder folder;

  Result<KubeConfig> load(const std::string& cluster, const std::string& user) const {
    return loadKubeconfig(
        folder.write("config",
                     "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                     "clusters: [{name: k, cluster: {" +
                         cluster +
                         "}}]\n"
                         "users: [{name: u, user: {" +
                         user + "}}]\n"));
  }
};

TEST_F(KubeconfigTest, ReadsDataAndFilesBesideIt) {
  folder.write("ca.crt", "CA");
  folder.write("token", "tok\n");
  const auto files =
      load("server: 'https://10.0.0.1:6443', certificate-authority: ca.crt", "tokenFile: token");
  ASSERT_TRUE(files) << files.error().text();
  EXPECT_EQ(files->host, "10.0.0.1");
  EXPECT_EQ(files->port, 6443);
  EXPECT_EQ(files->caPem, "CA");
  EXPECT_EQ(files->token, "tok");
  EXPECT_EQ(files->tokenFile, folder.path() / "token");
  const auto data = load(
      "server: 'https://[fd00::1]/', certificate-authority-data: Q0FDQQ==, "
      "tls-server-name: kubernetes",
      "client-certificate-data: Q0VSVA==, client-key-data: S0VZ");
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_EQ(data->host, "fd00::1");
  EXPECT_EQ(data->port, 443);
  EXPECT_EQ(data->caPem, "CACA");
  EXPECT_EQ(data->tlsServerName, "kubernetes");
  EXPECT_EQ(data->clientCertPem, "CERT");
  EXPECT_EQ(data->clientKeyPem, "KEY");
}

TEST_F(KubeconfigTest, ErrorsNameTheFileAndTheKey) {
  const struct {
    const char* cluster;
    const char* user;
    const char* expected;
  } cases[] = {
      {"server: 'http://10.0.0.1'", "token: t", "not an https:// address"},
      {"server: 'https://10.0.0.1:99999'", "token: t", "no valid port"},
      {"server: 'https://10.0.0.1/prefix'", "token: t", "more than a host"},
      {"server: 'https://:1'", "token: t", "no host"},
      {"", "token: t", "cluster.server is missing"},
      {"server: 'https://h', certificate-authority-data: '%%%'", "",
       "certificate-authority-data is not base64"},
      {"server: 'https://h', certificate-authority: nope.crt", "", "nope.crt"},
      {"server: 'https://h', insecure-skip-tls-verify: true", "", "insecure-skip-tls-verify"},
      {"server: 'https://h'", "exec: {command: aws}", "user.exec is not supported"},
      {"server: 'https://h'", "client-certificate-data: Q0VSVA==", "must be given together"},
  };
  for (const auto& c : cases) {
    const auto config = load(c.cluster, c.user);
    ASSERT_FALSE(config) << c.cluster;
    EXPECT_THAT(config.error().text(), HasSubstr(c.expected));
    EXPECT_THAT(config.error().text(), HasSubstr(folder.path().string()));
  }
}

TEST_F(KubeconfigTest, SurvivesWhatIsNoKubeconfig) {
  for (const char* text : {"", "[]", "a: b", "{", "current-context: 7\ncontexts: {}\n",
                           "contexts: [[]]\ncurrent-context: x\n", "\x01\xff\xfe"}) {
    EXPECT_FALSE(loadKubeconfig(folder.write("config", text))) << text;
  }
  EXPECT_THAT(loadKubeconfig("/nonexistent/kubeconfig").error().text(),
              HasSubstr("/nonexistent/kubeconfig"));
}

using InClusterTest = KubeconfigTest;

TEST_F(InClusterTest, TakesAddressFromTheEnvironmentAndTrustFromTheAccount) {
  folder.write("ca.crt", "CA");
  folder.write("token", "tok\n");
  const auto config = findKubeConfig("", {"fd00::1", "6443", folder.path()});
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->host, "fd00::1");
  EXPECT_EQ(config->port, 6443);
  EXPECT_EQ(config->caPem, "CA");
  EXPECT_EQ(config->token, "tok");
  EXPECT_EQ(config->tokenFile, folder.path() / "token");
}

TEST_F(InClusterTest, ErrorsSayWhatIsMissingAndWhatToDo) {
  const auto error = [&](const char* host, const char* port) {
    const auto config = findKubeConfig("", {host, port, folder.path()});
    return config ? "" : config.error().text();
  };
  EXPECT_THAT(error("", ""), HasSubstr("KUBERNETES_SERVICE_HOST"));
  EXPECT_THAT(error("", ""), HasSubstr("give --kubeconfig FILE"));
  EXPECT_THAT(error("10.0.0.1", "https"), HasSubstr("'https', which is no port number"));
  EXPECT_THAT(error("10.0.0.1", "443"), HasSubstr("ca.crt"));
  folder.write("ca.crt", "CA");
  EXPECT_THAT(error("10.0.0.1", "443"), HasSubstr("automountServiceAccountToken"));
  folder.write("token", "\n");
  EXPECT_THAT(error("10.0.0.1", "443"), HasSubstr("the token is empty"));
}

TEST_F(InClusterTest, AKubeconfigWins) {
  EXPECT_THAT(
      findKubeConfig(folder.path() / "none", {"10.0.0.1", "443", folder.path()}).error().text(),
      HasSubstr("none"));
}

}  // namespace
}  // namespace hitless::sys
