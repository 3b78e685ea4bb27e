#include "core/kube/names.h"

#include <gtest/gtest.h>

#include "core/kube/base64.h"
#include "core/kube/quantity.h"
#include "testing/fake_rng.h"

namespace hitless::kube {
namespace {

TEST(Names, KeepTheirForms) {
  EXPECT_FALSE(dnsLabelError("a-1"));
  EXPECT_TRUE(dnsLabelError("-a"));
  EXPECT_TRUE(dnsLabelError(""));
  EXPECT_TRUE(dnsLabelError(std::string(64, 'a')));
  EXPECT_FALSE(dns1035LabelError("a1"));
  EXPECT_TRUE(dns1035LabelError("1a"));
  EXPECT_FALSE(dnsSubdomainError("a.b-c.1"));
  EXPECT_TRUE(dnsSubdomainError("a..b"));
  EXPECT_FALSE(searchDomainError("_tcp.a_b.example.com"));
  EXPECT_TRUE(searchDomainError("a_.b"));
  EXPECT_TRUE(searchDomainError("__a"));
  EXPECT_TRUE(searchDomainError("A"));
  EXPECT_TRUE(searchDomainError(""));
  EXPECT_FALSE(qualifiedNameError("example.com/My_name.1"));
  EXPECT_TRUE(qualifiedNameError("/x"));
  EXPECT_TRUE(qualifiedNameError("a/b/c"));
  EXPECT_TRUE(qualifiedNameError("Example.com/x"));
  EXPECT_FALSE(labelValueError(""));
  EXPECT_TRUE(labelValueError("a b"));
  EXPECT_FALSE(portNameError("http-1"));
  EXPECT_TRUE(portNameError("80"));
  EXPECT_TRUE(portNameError("a--b"));
  EXPECT_TRUE(portNameError("averyverylongname"));
  EXPECT_FALSE(envNameError("MY.VAR-1"));
  EXPECT_TRUE(envNameError("A=B"));
  EXPECT_FALSE(dataKeyError(".hidden_Key-1"));
  EXPECT_TRUE(dataKeyError("a/b"));
}

TEST(Base64, IsRfc4648) {
  EXPECT_EQ(base64Encode(""), "");
  EXPECT_EQ(base64Encode("f"), "Zg==");
  EXPECT_EQ(base64Encode("fo"), "Zm8=");
  EXPECT_EQ(base64Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64Decode("Zm8="), "fo");
  EXPECT_EQ(base64Decode("Zg=="), "f");
  EXPECT_EQ(base64Decode("Zg="), std::nullopt);
  EXPECT_EQ(base64Decode("Z?=="), std::nullopt);
  EXPECT_EQ(base64Decode("===="), std::nullopt);
}

TEST(Base64, DecodesWhatItEncoded) {
  testing::FakeRng rng;
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (std::uint64_t i = rng.below(20); i > 0; --i) {
      bytes += static_cast<char>(rng.below(256));
    }
    EXPECT_EQ(base64Decode(base64Encode(bytes)), bytes);
  }
}

TEST(Quantity, HasAtMostOneSuffix) {
  for (const auto text : {"1", "-1", "+1.5", "100m", "1Gi", ".5", "5.", "1e3", "1E-3", "2E", "0"}) {
    EXPECT_TRUE(isQuantity(text)) << text;
  }
  for (const auto text : {"", "Gi", "1K", "1 Gi", "1..2", "1GiB", "e3", "1e", "--1", "a lot"}) {
    EXPECT_FALSE(isQuantity(text)) << text;
  }
  EXPECT_EQ(quantityValue("1.5Gi"), 1610612736.0L);
  EXPECT_EQ(quantityValue("2k"), 2000.0L);
  EXPECT_EQ(quantityValue(json::value(3)), 3.0L);
  EXPECT_LT(quantityValue("99m").value(), quantityValue("0.1").value());
}

}  // namespace
}  // namespace hitless::kube
