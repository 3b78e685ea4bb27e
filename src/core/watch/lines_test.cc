#include "core/watch/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::watch {
namespace {

using ::testing::ElementsAre;

struct Collected {
  std::vector<std::string> lines;
  Status feed(LineSplitter& splitter, std::string_view bytes) {
    return splitter.feed(bytes, [this](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
  }
};

TEST(LineSplitter, CutsWhateverPiecesComeIn) {
  const std::string stream = "{\"a\":1}\n\n{\"b\":2}\n{\"c\":3}\n{\"d\"";
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    LineSplitter splitter(100);
    Collected got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      ASSERT_TRUE(got.feed(splitter, std::string_view(stream).substr(at, step)));
    }
    EXPECT_THAT(got.lines, ElementsAre("{\"a\":1}", "{\"b\":2}", "{\"c\":3}")) << step;
  }
}

TEST(LineSplitter, RefusesALineBeyondTheLimit) {
  LineSplitter splitter(4);
  Collected got;
  EXPECT_TRUE(got.feed(splitter, "1234\n12"));
  EXPECT_TRUE(got.feed(splitter, "34"));
  EXPECT_FALSE(got.feed(splitter, "5"));
  EXPECT_THAT(got.lines, ElementsAre("1234"));
}

TEST(LineSplitter, StopsWhereTheReaderSaysSo) {
  LineSplitter splitter(100);
  int calls = 0;
  EXPECT_TRUE(splitter.feed("1\n2\n3\n", [&](std::string_view) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace hitless::watch
