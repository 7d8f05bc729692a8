// SPDX-License-Identifier: Apache-2.0
#include "broker/management/rest_router.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "broker/management/percent_encoding.h"

namespace sluice::management {
namespace {

/// Answers with what the handler was given.
ApiResponse echo(const ApiCall& call) {
  std::string text;
  for (const std::string& argument : call.arguments) text += "[" + argument + "]";
  for (const auto& [name, value] : call.query) text += " " + name + "=" + value;
  return {200, text + std::string(call.body)};
}

class RestRouterTest : public ::testing::Test {
 protected:
  RestRouterTest() {
    router_.add(Method::Get, "routes", [](const ApiCall&) { return ApiResponse{200, "list"}; });
    router_.add(Method::Get, "routes/{*}", echo);
    router_.add(Method::Get, "nodes/{}/clients", echo);
    router_.add(Method::Get, "nodes/{}/clients/{*}", echo);
    router_.add(Method::Put, "clients/{}/clean_acl_cache", echo);
    router_.add(Method::Get, "broken", [](const ApiCall&) -> ApiResponse { throw std::runtime_error("it broke"); });
  }
  ApiResponse get(std::string_view target) { return router_.handle(Method::Get, target, ""); }

  RestRouter router_;
};

TEST_F(RestRouterTest, FindsLiteralsWithAndWithoutTrailingSlash) {
  EXPECT_EQ(get("/api/v2/routes").body, "list");
  EXPECT_EQ(get("/api/v2/routes/").body, "list");
}

TEST_F(RestRouterTest, TheRestOfThePathIsOneArgument) {
  EXPECT_EQ(get("/api/v2/routes//World").body, "[/World]");
  EXPECT_EQ(get("/api/v2/routes/t/%2B/x").body, "[t/+/x]");
  EXPECT_EQ(get("/api/v2/routes/%2FWorld").body, "[/World]");
}

TEST_F(RestRouterTest, SegmentsAreDecodedAfterSplitting) {
  EXPECT_EQ(get("/api/v2/nodes/n%2F1/clients").body, "[n/1]");
  EXPECT_EQ(get("/api/v2/nodes/emq@127.0.0.1/clients/a%20b").body, "[emq@127.0.0.1][a b]");
}

TEST_F(RestRouterTest, QueryIsParsedAndDecoded) {
  EXPECT_EQ(get("/api/v2/nodes/n/clients?page_size=20&curr_page=1&flag&x=%26").body,
            "[n] curr_page=1 flag= page_size=20 x=&");
  EXPECT_EQ(get("/api/v2/nodes/n/clients?").body, "[n]");
}

TEST_F(RestRouterTest, BodyReachesTheHandler) {
  EXPECT_EQ(router_.handle(Method::Put, "/api/v2/clients/c/clean_acl_cache", "{}").body, "[c]{}");
}

TEST_F(RestRouterTest, SaysWhatIsWrong) {
  EXPECT_EQ(get("/api/v2/nothing").status, 404U);
  EXPECT_EQ(get("/routes").status, 404U);
  EXPECT_EQ(get("/api/v2/nodes//clients").status, 404U);
  EXPECT_EQ(get("").status, 404U);
  EXPECT_EQ(router_.handle(Method::Put, "/api/v2/routes", "").status, 405U);
  EXPECT_EQ(router_.handle(Method::Other, "/api/v2/routes", "").status, 405U);
  EXPECT_EQ(get("/api/v2/routes/%2").status, 400U);
  EXPECT_EQ(get("/api/v2/routes/x?a=%zz").status, 400U);
  EXPECT_EQ(get("/api/v2/nothing").body, R"({"code":102,"message":"no such path"})");
}

TEST_F(RestRouterTest, AHandlerThatThrowsIsAnInternalError) {
  const ApiResponse answer = get("/api/v2/broken");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_EQ(answer.body.find("it broke"), std::string::npos);
}

TEST(PercentEncoding, RoundTripsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string encoded = percent_encode(all);
  EXPECT_EQ(percent_decode(encoded), all);
  EXPECT_EQ(encoded.find('/'), std::string::npos);
}

TEST(PercentEncoding, RefusesWhatIsNotEncoded) {
  for (const char* text : {"%", "%1", "%g0", "%0g", "a%", "%-1", "% 1"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::management
