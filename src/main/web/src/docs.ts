// The page /docs: Swagger UI shows the contract of this very server, asks nobody else, and tries calls out against the same origin.
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle';

SwaggerUI({
  url: '/openapi.yaml',
  dom_id: '#docs',
  deepLinking: true,
  tryItOutEnabled: false,
  // Else it would send the address of this server to somebody who checks contracts.
  validatorUrl: null,
  // An address could name another contract.
  queryConfigEnabled: false,
});
