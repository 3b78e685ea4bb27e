#include "sys/tls/serving_keys.h"

#include <gtest/gtest.h>

#include "sys/http/transport.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using std::chrono::days;

const WallTime kStart{seconds{1'800'000'000}};
const ServerNames kNames{{"hitless-webhook.hitless.svc"}, {}};

std::optional<ServingKeys> renew(const std::optional<ServingKeys>& keys, WallTime now,
                                 const ServerNames& names = kNames) {
  auto renewed = renewedKeys(keys, names, now, KeyLifetimes{});
  EXPECT_TRUE(renewed) << renewed.error().text();
  return renewed ? *renewed : std::nullopt;
}

TEST(ServingKeys, AreMadeAndThenLeftAlone) {
  const auto keys = renew(std::nullopt, kStart);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->trust, keys->authority.certificatePem);
  ASSERT_OK(serverContext(keys->serving.certificatePem, keys->serving.keyPem));
  EXPECT_EQ(expiryOf(keys->serving.certificatePem).value(), kStart + days(90));
  EXPECT_FALSE(renew(keys, kStart));
  EXPECT_FALSE(renew(keys, renewalTime(*keys) - seconds(1)));
}

TEST(ServingKeys, TheServingCertificateIsRenewedAtTwoThirdsOfItsLife) {
  const auto keys = renew(std::nullopt, kStart);
  // Valid from an hour before.
  EXPECT_EQ(renewalTime(*keys), kStart + days(60) - std::chrono::minutes(20));
  const auto renewed = renew(keys, renewalTime(*keys));
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->trust, keys->trust) << "no client has to learn anything";
  EXPECT_NE(renewed->serving.certificatePem, keys->serving.certificatePem);
  EXPECT_FALSE(renew(renewed, renewalTime(*keys)));
}

TEST(ServingKeys, ANewAuthorityIsTrustedLongBeforeItIsUsed) {
  auto keys = renew(std::nullopt, kStart);
  const std::string first = keys->authority.certificatePem;
  WallTime now = kStart;
  while (keys->authority.certificatePem == first) {
    now = renewalTime(*keys);
    const auto next = renew(keys, now);
    ASSERT_TRUE(next);
    if (next->authority.certificatePem != first) {
      EXPECT_EQ(next->serving.certificatePem, keys->serving.certificatePem);
      EXPECT_EQ(next->trust, next->authority.certificatePem + first);
    }
    keys = next;
  }
  EXPECT_NEAR(static_cast<double>((now - kStart) / days(1)), 365 * 10 * 2 / 3, 2);
  const auto used = renew(keys, renewalTime(*keys));
  ASSERT_TRUE(used);
  EXPECT_NE(used->serving.certificatePem, keys->serving.certificatePem);
  EXPECT_FALSE(renew(used, renewalTime(*keys)));
}

TEST(ServingKeys, AnAuthorityThatIsOverIsNotTrustedAnyMore) {
  const auto keys = renew(std::nullopt, kStart);
  const auto late = renew(keys, kStart + days(4000));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->trust, late->authority.certificatePem);
}

TEST(ServingKeys, WhatCannotBeUsedIsMadeAnew) {
  const auto keys = renew(std::nullopt, kStart);
  const auto other = renew(std::nullopt, kStart);
  const auto damaged = [&](auto damage) {
    ServingKeys broken = *keys;
    damage(broken);
    const auto mended = renew(broken, kStart);
    EXPECT_TRUE(mended);
    EXPECT_FALSE(renew(mended, kStart)) << "and then it is good";
    return *mended;
  };
  const auto served = damaged([](ServingKeys& k) { k.serving.keyPem = "nonsense"; });
  EXPECT_EQ(served.authority.keyPem, keys->authority.keyPem);
  damaged([&](ServingKeys& k) { k.serving.keyPem = other->serving.keyPem; });
  damaged([&](ServingKeys& k) { k.serving = other->serving; });
  damaged([](ServingKeys& k) { k.serving.certificatePem.clear(); });
  damaged([](ServingKeys& k) { k.trust = "nonsense"; });
  damaged([](ServingKeys& k) { k.trust.clear(); });
  const auto signer = damaged([](ServingKeys& k) { k.authority.keyPem.clear(); });
  EXPECT_EQ(signer.serving.certificatePem, keys->serving.certificatePem);
}

TEST(ServingKeys, OtherNamesNeedAnotherCertificate) {
  const auto keys = renew(std::nullopt, kStart);
  const ServerNames more{{kNames.dnsNames[0], "webhook.other.svc"}, {"127.0.0.1"}};
  const auto renewed = renew(keys, kStart, more);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->trust, keys->trust);
  EXPECT_FALSE(renew(renewed, kStart, more));
  EXPECT_FALSE(renew(renewed, kStart)) << "it covers fewer too";
}

}  // namespace
}  // namespace hitless::sys
