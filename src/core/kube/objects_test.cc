#include "core/kube/objects.h"

#include <gtest/gtest.h>

namespace hitless::kube {
namespace {

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

TEST(EndpointSlice, NilConditionsReadAsKep1672Says) {
  const auto slice = endpointSliceOf(parse(R"({"metadata":{"name":"web-x",
      "labels":{"kubernetes.io/service-name":"web"}},
      "endpoints":[{"addresses":["10.0.0.1"]},
                   {"addresses":["10.0.0.2"],"conditions":{"ready":false}},
                   {"addresses":["10.0.0.3"],"conditions":{"ready":false,"serving":true,"terminating":true}}],
      "ports":[{"name":"http","port":8080}]})"));
  EXPECT_EQ(slice.serviceName(), "web");
  EXPECT_TRUE(slice.endpoints[0].ready && slice.endpoints[0].serving);
  EXPECT_FALSE(slice.endpoints[1].serving);
  EXPECT_TRUE(slice.endpoints[2].serving && slice.endpoints[2].terminating);
  EXPECT_EQ(slice.ports[0].protocol, "TCP");
}

TEST(Service, TargetPortDefaultsToPort) {
  const auto service = serviceOf(parse(
      R"({"spec":{"clusterIP":"10.96.0.7","ports":[{"port":80},{"port":81,"targetPort":"http"}]}})"));
  EXPECT_EQ(std::get<std::int64_t>(service.ports[0].targetPort), 80);
  EXPECT_EQ(std::get<std::string>(service.ports[1].targetPort), "http");
  EXPECT_EQ(service.clusterIPs, std::vector<std::string>{"10.96.0.7"});
}

TEST(Objects, WrongTypesReadAsMissing) {
  const auto pod = podOf(parse(R"({"metadata":7,"spec":{"containers":{"a":1}},"status":[]})"));
  EXPECT_EQ(pod, Pod{});
}

TEST(ParseJson, SaysWhereItBroke) {
  EXPECT_FALSE(parseJson(R"({"a":)"));
  EXPECT_FALSE(parseJson("{} x"));
  EXPECT_TRUE(parseJson(" {} \n"));
  EXPECT_FALSE(parseJson(std::string(100, '[')));
}

}  // namespace
}  // namespace hitless::kube
