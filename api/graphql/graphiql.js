// The editor at /graphql. The token goes into the Headers pane, as {"Authorization": "Bearer …"}.
const here = window.location.href.split(/[?#]/)[0];
let headers = "";

// Over a WebSocket a token cannot be a header: it goes with the first message.
function connectionParams() {
  try {
    return JSON.parse(headers || "{}");
  } catch {
    return {};
  }
}

const fetcher = GraphiQL.createFetcher({
  url: here,
  wsClient: graphqlWs.createClient({ url: here.replace(/^http/, "ws"), connectionParams, lazyCloseTimeout: 0 }),
});

const EXAMPLE = `# Give a token in the Headers pane: {"Authorization": "Bearer …"}
# (waybill token --role operator prints one).
{
  orders(first: 5) {
    nodes { orderNumber status paymentStatus totals { total { amount currency } } }
  }
}
`;

function Editor() {
  const [query, setQuery] = React.useState(EXAMPLE);
  const explorer = GraphiQLPluginExplorer.useExplorerPlugin({ query, onEdit: setQuery });
  return React.createElement(GraphiQL, {
    fetcher,
    query,
    onEditQuery: setQuery,
    onEditHeaders: (given) => (headers = given),
    plugins: [explorer],
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  });
}

ReactDOM.render(React.createElement(Editor), document.getElementById("graphiql"));
