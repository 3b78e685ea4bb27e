#include "app/proxy/route_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/routing/routes.h"
#include "sys/files/files.h"
#include "testing/source_dir.h"
#include "testing/temp_folder.h"

namespace hitless::app {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFile = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: hitless}
spec: {controllerName: hitless.io/gateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: hitless, listeners: [{name: http, port: 8080, protocol: HTTP}]}
---
apiVersion: v1
kind: List
items:
- apiVersion: gateway.networking.k8s.io/v1
  kind: HTTPRoute
  metadata: {name: web}
  spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
- apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8000}]
endpoints: [{addresses: [127.0.0.1]}]
)";

class RouteFile : public ::testing::Test {
 protected:
  Status load(std::string_view text) {
    return loadRouteFile(folder_.write("routes.yaml", std::string(text)), book_);
  }
  std::string errorOf(std::string_view text) {
    const Status status = load(text);
    return status ? "" : status.error().text();
  }

  hitless::testing::TempFolder folder_;
  proxy::routing::RouteBook book_;
};

TEST_F(RouteFile, IsAllThatAGatewayNeeds) {
  const Status status = load(kFile);
  ASSERT_TRUE(status) << status.error().text();
  ASSERT_EQ(book_.table()->listeners.size(), 1U);
  proxy::RequestHead head;
  head.authority = "any";
  head.path = "/";
  const auto match = book_.table()->listeners.front()->match(head);
  ASSERT_NE(match.rule, nullptr);
  const auto& cluster = *book_.table()->clusters.at(match.rule->backends.front().cluster);
  ASSERT_EQ(cluster.upstreams.size(), 1U);
  EXPECT_EQ(cluster.upstreams.front().address.text(), "127.0.0.1:8000");
}

TEST_F(RouteFile, TheDocumentationsExampleIsServed) {
  const std::string page = *sys::readFile(testing::sourceFile("docs/gateway.md"));
  const std::string opening = "```yaml\n";
  const std::size_t begin = page.find(opening) + opening.size();
  const Status status = load(page.substr(begin, page.find("```", begin) - begin));
  ASSERT_TRUE(status) << status.error().text();
  ASSERT_EQ(book_.table()->listeners.size(), 1U);
  EXPECT_EQ(book_.table()->clusters.begin()->second->upstreams.size(), 1U);
}

TEST_F(RouteFile, ReplacesWhatWasThere) {
  ASSERT_TRUE(load(kFile));
  const auto before = book_.table();
  ASSERT_TRUE(load(kFile));
  EXPECT_EQ(book_.table(), before);
  ASSERT_TRUE(load(""));
  EXPECT_TRUE(book_.table()->listeners.empty());
}

TEST_F(RouteFile, ErrorsNameThePlaceAndLeaveTheBook) {
  ASSERT_TRUE(load(kFile));
  const auto before = book_.table();
  EXPECT_THAT(errorOf("---\napiVersion: apps/v1\nkind: Deployment\n"),
              HasSubstr("routes.yaml:2: kind \"Deployment\" of \"apps/v1\" is none that routes are "
                        "made from (these are: GatewayClass, Gateway"));
  EXPECT_THAT(errorOf("a: [b"), HasSubstr("routes.yaml:1"));
  EXPECT_THAT(errorOf("- 1\n"), HasSubstr("is no object"));
  EXPECT_THAT(errorOf("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: "
                      "0}]}\n"),
              HasSubstr("(Service default/web): spec.ports[0].port: Invalid value: 0"));
  EXPECT_THAT(errorOf("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {port: 1}\n"),
              HasSubstr("unknown field \"spec.port\""));
  EXPECT_THAT(errorOf("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: 1}\n"),
              HasSubstr("routes.yaml:1: json: cannot unmarshal"));
  EXPECT_THAT(errorOf(std::string(kFile) + std::string(kFile).replace(0, 1, "---\n")),
              HasSubstr("GatewayClass hitless is there twice"));
  EXPECT_EQ(book_.table(), before);
  const Status missing = loadRouteFile(folder_.path() / "none.yaml", book_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().text(), HasSubstr("none.yaml"));
}

}  // namespace
}  // namespace hitless::app
