#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/routing/book_fixture.h"
#include "core/proxy/routing/certificate.h"
#include "core/proxy/routing/certificate_fixture.h"

/// Ingresses, and certificates of both APIs.
namespace hitless::proxy::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string ingressClass(const std::string& isDefault = "'false'") {
  return R"(
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: hitless, annotations: {ingressclass.kubernetes.io/is-default-class: )" +
         isDefault + "}}\nspec: {controller: hitless.io/gateway}\n" + std::string(kService);
}

std::string ingress(const std::string& spec, const std::string& meta = "name: i") {
  return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {" + meta + "}\nspec: {" +
         spec + "}\n";
}

std::string path(const std::string& path, const std::string& type = "Prefix",
                 const std::string& port = "number: 80") {
  return "{path: " + path + ", pathType: " + type + ", backend: {service: {name: web, port: {" +
         port + "}}}}";
}

std::string rule(const std::string& host, const std::string& paths) {
  return "{" + (host.empty() ? "" : "host: '" + host + "', ") + "http: {paths: [" + paths + "]}}";
}

const std::string kOurs = "ingressClassName: hitless, ";
const std::string kDefault = "defaultBackend: {service: {name: web, port: {number: 80}}}";

TEST(Ingress, HostsPathsAndTheDefault) {
  const Book book(ingressClass() +
                  ingress(kOurs + kDefault + ", rules: [" +
                          rule("a.io", path("/x") + ", " + path("/x/y", "Exact")) + ", " +
                          rule("*.b.io", path("/z", "ImplementationSpecific")) + "]"));
  EXPECT_EQ(book.ask(80, "a.io", "/x/z"), "default/i/0");
  EXPECT_EQ(book.ask(80, "a.io", "/x/y"), "default/i/1");
  EXPECT_EQ(book.ask(80, "a.io", "/xy"), "default/i/3");
  EXPECT_EQ(book.ask(80, "c.b.io:80", "/z/1"), "default/i/2");
  EXPECT_EQ(book.ask(80, "d.c.b.io", "/z"), "default/i/3") << "a wildcard is one label";
  EXPECT_EQ(book.ask(80, "c.io", "/"), "default/i/3");
  EXPECT_EQ(book.at(443), nullptr);
  EXPECT_THAT(book.book.warnings(), IsEmpty());
}

TEST(Ingress, WithoutADefaultTheRestIsNotFound) {
  const Book book(ingressClass() + ingress(kOurs + "rules: [" + rule("a.io", path("/x")) + "]"));
  EXPECT_EQ(book.ask(80, "a.io", "/y"), "no rule");
  EXPECT_EQ(book.ask(80, "b.io", "/x"), "no rule");
}

TEST(Ingress, PortsByNameAndProtocolOfThePort) {
  const Book book(ingressClass() +
                  ingress(kOurs + "rules: [" + rule("", path("/", "Prefix", "name: grpc")) + "]"));
  const Cluster* cluster = book.cluster("outbound|9090||web.default.svc.cluster.local");
  ASSERT_NE(cluster, nullptr);
  EXPECT_EQ(cluster->protocol, UpstreamProtocol::kHttp2);
}

struct ClassCase {
  std::string isDefault;
  std::string meta;
  std::string spec;
  bool ours;
};
class IngressClasses : public ::testing::TestWithParam<ClassCase> {};

TEST_P(IngressClasses, DecideWhoServes) {
  const Book book(ingressClass(GetParam().isDefault) +
                  ingress(GetParam().spec + kDefault, GetParam().meta));
  EXPECT_EQ(book.ask(80, "a", "/"), GetParam().ours ? "default/i/0" : "no listener");
  EXPECT_EQ(book.book.statuses().contains({&kube::res::kIngresses, {"default", "i"}}),
            GetParam().ours);
}

INSTANTIATE_TEST_SUITE_P(
    Table, IngressClasses,
    ::testing::Values(
        ClassCase{"'false'", "name: i", kOurs, true}, ClassCase{"'false'", "name: i", "", false},
        ClassCase{"'true'", "name: i", "", true},
        ClassCase{"'true'", "name: i", "ingressClassName: nginx, ", false},
        ClassCase{"'false'", "name: i, annotations: {kubernetes.io/ingress.class: hitless}", "",
                  true},
        ClassCase{"'true'", "name: i, annotations: {kubernetes.io/ingress.class: nginx}", "",
                  false}));

TEST(Ingress, WhatItNamesAndIsNotThereIsWarnedOf) {
  const Book book(ingressClass() +
                  ingress(kOurs + "rules: [" + rule("", path("/", "Prefix", "number: 81")) + "]"));
  EXPECT_THAT(book.book.warnings(),
              ElementsAre("Ingress default/i: Service default/web has no TCP port 81; requests for "
                          "it are answered 500"));
  RequestHead head;
  head.path = "/";
  EXPECT_THAT(book.at(80)->match(head).rule->backends,
              ElementsAre(WeightedCluster{.cluster = "", .weight = 1}));
}

TEST(Ingress, SharesItsPortWithGatewaysOfTheSameProtocol) {
  const std::string served = ingressClass() + ingress(kOurs + kDefault);
  const std::string routed =
      route("hostnames: [a.io], rules: [{backendRefs: [{name: web, port: 80}]}]");
  const Book both(served + gateway("[{name: http, port: 80, protocol: HTTP, hostname: a.io}]") +
                  routed);
  EXPECT_EQ(both.ask(80, "a.io", "/"), "default/r/0");
  EXPECT_EQ(both.ask(80, "b.io", "/"), "default/i/0");
  const Book gatewayOnly(served + secret("s") + routed +
                         gateway("[{name: odd, port: 80, protocol: HTTPS, "
                                 "tls: {certificateRefs: [{name: s}]}}]"));
  EXPECT_EQ(gatewayOnly.at(80)->listener().protocol, ListenerProtocol::kHttps);
  EXPECT_THAT(gatewayOnly.book.warnings(),
              ElementsAre("Ingresses are not served at port 80: listener default/g/odd has it for "
                          "another protocol"));
}

TEST(Ingress, TlsServesTheHostsOfItsEntries) {
  const std::string rules =
      "rules: [" + rule("a.io", path("/")) + ", " + rule("b.io", path("/")) + "]";
  Book book(ingressClass() +
            ingress(kOurs + kDefault + ", tls: [{hosts: [a.io, c.io], secretName: s}], " + rules));
  EXPECT_EQ(book.at(443), nullptr);
  EXPECT_EQ(book.book.warnings().size(), 2U);
  book.add(secret("s"));
  ASSERT_NE(book.at(443), nullptr);
  EXPECT_THAT(book.book.warnings(), IsEmpty());
  EXPECT_EQ(book.at(443)->listener().protocol, ListenerProtocol::kHttps);
  EXPECT_TRUE(book.at(443)->host("a.io")->certificate.has_value());
  EXPECT_TRUE(book.at(443)->host("c.io")->certificate.has_value());
  EXPECT_FALSE(book.at(443)->host("b.io")->certificate.has_value());
  EXPECT_EQ(book.ask(443, "a.io", "/"), "default/i/0");
  EXPECT_EQ(book.ask(443, "c.io", "/"), "default/i/2");
  EXPECT_EQ(book.ask(80, "b.io", "/"), "default/i/1");
  book.add(secret("s", kOtherKeyData));
  EXPECT_EQ(book.at(443), nullptr);
}

TEST(Certificates, AreLookedAt) {
  EXPECT_EQ(tlsSecretFrom(*parsed(secret("s")).front().second).error, "");
  EXPECT_EQ(tlsSecretFrom(*parsed(secret("s", kOtherKeyData)).front().second).error,
            "tls.key is not the key of tls.crt");
  EXPECT_EQ(tlsSecretFrom(*parsed(secret("s", "''")).front().second).error,
            "tls.key holds no unencrypted private key in PEM");
  EXPECT_EQ(certificateError("", ""), "tls.crt holds no certificate in PEM");
  EXPECT_EQ(certificateError(std::string(1000, '\0'), "-----BEGIN"),
            "tls.crt holds no certificate in PEM");
}

TEST(Certificates, OfAGatewaysListener) {
  Book book(gateway("[{name: s, port: 443, protocol: HTTPS, hostname: '*.io', "
                    "tls: {certificateRefs: [{name: s}]}}]") +
            secret("s") + std::string(kService) +
            route("hostnames: [a.io], rules: [{backendRefs: [{name: web, port: 80}]}]"));
  EXPECT_EQ(book.listenerReason("Programmed"), "Programmed");
  EXPECT_EQ(book.ask(443, "a.io", "/"), "default/r/0");
  EXPECT_TRUE(book.at(443)->host("a.io")->certificate.has_value());
  EXPECT_TRUE(book.at(443)->host("other.io")->certificate.has_value());
  EXPECT_EQ(book.at(443)->host("a.com"), nullptr);
  book.remove(secret("s"));
  EXPECT_EQ(book.listenerReason("ResolvedRefs"), "!InvalidCertificateRef");
}

}  // namespace
}  // namespace hitless::proxy::routing
