#include "core/control/service_addresses.h"

#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

using kube::text;

class ServiceAddressesTest : public ApiFixture {
 protected:
  static constexpr const char* kServices = "/api/v1/namespaces/default/services";
  static std::string service(const std::string& name, const std::string& spec) {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{"ports":[{"port":80)" +
           (spec.starts_with("#") ? spec.substr(1) : "}]" + (spec.empty() ? "" : "," + spec)) +
           "}}";
  }
  std::string message(const std::string& name, const std::string& spec) {
    return std::string(
        text(parse(call("POST", kServices, {service(name, spec)}).body), {"message"}));
  }
};

TEST_F(ServiceAddressesTest, KubernetesHasTheFirstAddress) {
  EXPECT_EQ(text(object(200, "GET", std::string(kServices) + "/kubernetes"), {"spec", "clusterIP"}),
            "10.96.0.1");
}

TEST_F(ServiceAddressesTest, ChoosesValidatesAndReleases) {
  const auto chosen = object(201, "POST", kServices, {service("a", "")});
  const auto ip = IpAddress::parse(text(chosen, {"spec", "clusterIP"}));
  ASSERT_TRUE(ip);
  EXPECT_TRUE(Cidr::parse("10.96.0.0/16").value().contains(*ip));
  EXPECT_EQ(text(chosen, {"spec", "ipFamilyPolicy"}), "SingleStack");
  object(201, "POST", kServices, {service("b", R"("clusterIP":"10.96.7.7")")});
  EXPECT_EQ(message("c", R"("clusterIP":"10.96.7.7")"),
            "Service \"c\" is invalid: spec.clusterIPs: Invalid value: []string{\"10.96.7.7\"}: "
            "failed to "
            "allocate IP 10.96.7.7: provided IP is already allocated");
  EXPECT_NE(message("c", R"("clusterIP":"10.1.0.1")")
                .find("is not in the valid range. The range of valid "
                      "IPs is 10.96.0.0/16"),
            std::string::npos);
  object(200, "DELETE", std::string(kServices) + "/b");
  object(201, "POST", kServices, {service("c", R"("clusterIP":"10.96.7.7")")});
  EXPECT_EQ(text(object(201, "POST", kServices, {service("h", R"("clusterIP":"None")")}),
                 {"spec", "clusterIP"}),
            "None");
}

TEST_F(ServiceAddressesTest, UpdatesKeepAddressesThatTheyLeaveOut) {
  const auto before = object(201, "POST", kServices, {service("a", R"("type":"NodePort")")});
  const auto after = object(200, "PUT", std::string(kServices) + "/a",
                            {service("a", R"("type":"NodePort","selector":{"x":"y"})")});
  EXPECT_EQ(text(after, {"spec", "clusterIP"}), text(before, {"spec", "clusterIP"}));
  EXPECT_EQ(after.at("spec").at("ports").at(0).at("nodePort"),
            before.at("spec").at("ports").at(0).at("nodePort"));
}

TEST_F(ServiceAddressesTest, NodePortsAreDistinctAndInRange) {
  const auto first = object(201, "POST", kServices, {service("a", R"("type":"NodePort")")});
  const auto port = first.at("spec").at("ports").at(0).at("nodePort").to_number<int>();
  EXPECT_TRUE(port >= 30000 && port <= 32767);
  const std::string taken = "#,\"nodePort\":" + std::to_string(port) + "}],\"type\":\"NodePort\"";
  EXPECT_NE(message("b", taken).find("provided port is already allocated"), std::string::npos);
  EXPECT_NE(message("b", R"(#,"nodePort":80}],"type":"NodePort")").find("30000-32767"),
            std::string::npos);
}

TEST(ServiceAddresses, ASmallRangeRunsOut) {
  MemoryStore store;
  AddressRanges ranges;
  ranges.services = Cidr::parse("10.0.0.0/30").value();
  const ServiceAddresses addresses(store, ranges);
  hitless::testing::FakeRng rng;
  kube::json::object service;
  ASSERT_TRUE(addresses.assign(service, nullptr, rng));
  EXPECT_EQ(text(service, {"spec", "clusterIP"}), "10.0.0.2");
  ASSERT_TRUE(store.create(kube::res::kServices, "d", "a", service));
  kube::json::object second;
  EXPECT_EQ(addresses.assign(second, nullptr, rng).error().code, 500);
}

class GateAdmissionTest : public ApiFixture {
 protected:
  GateAdmissionTest() : ApiFixture(true) {}
};

TEST_F(GateAdmissionTest, InjectsTheHookAndWarnsWhereItCannot) {
  const auto plain = object(201, "POST", kPods, {podJson("plain")});
  EXPECT_NE(kube::json::serialize(plain).find("/v1/gate/"), std::string::npos);
  const auto own = call(
      "POST", kPods, {R"({"metadata":{"name":"own"},"spec":{"containers":[{"name":"c","image":"i",
              "lifecycle":{"preStop":{"exec":{"command":["true"]}}}}]}})"});
  ASSERT_EQ(own.warnings.size(), 1U);
  EXPECT_NE(own.warnings[0].find("container c has a preStop hook of its own"), std::string::npos);
}

TEST_F(GateAdmissionTest, LeavesOutANamespaceThatSaysSo) {
  object(201, "POST", "/api/v1/namespaces",
         {R"({"metadata":{"name":"quiet","labels":{"hitless.io/gate":"off"}}})"});
  const auto made = object(201, "POST", "/api/v1/namespaces/quiet/pods", {podJson("plain")});
  EXPECT_EQ(kube::json::serialize(made).find("/v1/gate/"), std::string::npos);
}

}  // namespace
}  // namespace hitless::control
